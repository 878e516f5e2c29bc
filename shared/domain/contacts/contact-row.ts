import { rowProblem } from '../row-problems.ts'
import type { Sentence } from '../sentence.ts'
import { attributeName, type ContactColumns } from './contact-columns.ts'
import { isBusinessScopedId, parsePhone, readPhone } from './phone-number.ts'
import { phoneVariants } from './phone-variants.ts'

const YES = new Set(['true', 'yes', 'y', '1', 'x', 'oui', 'vrai', 'si', 'sí', 'sim', 'ja', 'wahr', 'نعم', 'صحيح'])
const NO = new Set(['', 'false', 'no', 'n', '0', 'non', 'faux', 'não', 'nein', 'falsch', 'falso', 'لا', 'خطأ'])

export interface ContactRow {
  waId: string | null
  userId: string | null
  /** Key of the person, the same in whatever form the number is written. */
  key: string
  name: string | null
  /** True if the row opts the person out of marketing; an empty cell does not opt them in again. */
  optOut: boolean
  attributes: Record<string, string>
}

const MAX_ATTRIBUTES = 100
const MAX_TEXT = 1000
const MAX_NAME = 200

/** Reads a contact from the cells of a row, or names the problem. @param home E.164 digits of the business's own number */
export function readContactRow(
  cells: readonly string[],
  columns: ContactColumns,
  home: string | null,
): ContactRow | { problem: Sentence } {
  const cell = (column: number | null) => (column === null ? '' : textOf(cells[column]))
  const phone = cell(columns.phone)
  const isUser = isBusinessScopedId(phone)
  const userId = isUser ? phone : cell(columns.userId) || null
  const read = phone === '' || isUser ? null : phoneOf(phone, columns, home)
  if (read !== null && 'problem' in read) return read
  if (userId !== null && !isBusinessScopedId(userId)) return { problem: rowProblem('user-id-invalid') }
  const waId = read?.waId ?? null
  const key = waId === null ? userId : (phoneVariants(waId).toSorted()[0] ?? waId)
  if (key === null) return { problem: rowProblem('person-missing') }
  const name = columns.name.map(cell).filter(Boolean).join(' ') || null
  if (name !== null && name.length > MAX_NAME) return { problem: rowProblem('name-too-long', { most: MAX_NAME }) }
  const optOut = cell(columns.optOut).toLowerCase()
  if (!YES.has(optOut) && !NO.has(optOut)) return { problem: rowProblem('opt-out-unclear') }
  const attributes = attributesOf(cells, columns)
  if (attributes.length > MAX_ATTRIBUTES) return { problem: rowProblem('attributes-too-many', { most: MAX_ATTRIBUTES }) }
  const long = attributes.find(([, text]) => text.length > MAX_TEXT)
  if (long) return { problem: rowProblem('attribute-too-long', { attribute: long[0], most: MAX_TEXT }) }
  return { waId, userId, key, name, optOut: YES.has(optOut), attributes: Object.fromEntries(attributes) }
}

function phoneOf(phone: string, { isExport }: ContactColumns, home: string | null): ReturnType<typeof readPhone> {
  const whole = isExport && /^[1-9]\d+$/.test(phone) ? parsePhone(`+${phone}`) : null
  return whole ?? readPhone(phone, home)
}

/** Cells that are not empty, under the attributes of their columns; one beyond the header is named by its place. */
function attributesOf(cells: readonly string[], { attributes, phone, userId, name, optOut }: ContactColumns): [string, string][] {
  const known = new Set([phone, userId, optOut, ...name])
  return cells.flatMap((cell, place): [string, string][] => {
    const attribute = attributes.get(place) ?? (known.has(place) ? null : attributeName('', place))
    return attribute === null || textOf(cell) === '' ? [] : [[attribute, textOf(cell)]]
  })
}

/** Text of a cell as it is stored. */
export const textOf = (cell: unknown): string =>
  String(cell ?? '')
    .normalize('NFC')
    .trim()

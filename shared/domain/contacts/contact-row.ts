import { isBusinessScopedId, parsePhone } from './phone-number.ts'
import { phoneVariants } from './phone-variants.ts'

/** Names of the column with the phone numbers, in order of preference, for when the caller names none. */
export const PHONE_COLUMNS = [
  'to',
  'phone',
  'phone_number',
  'phonenumber',
  'number',
  'whatsapp',
  'mobile',
  'tel',
  'telephone',
  'téléphone',
]
const NAME_COLUMNS = ['name', 'full_name', 'fullname', 'nom', 'nombre']
const USER_COLUMNS = ['userid', 'user_id', 'bsuid']
const OPT_OUT_COLUMNS = ['optout', 'opt_out', 'unsubscribed']
const YES = new Set(['true', 'yes', 'y', '1', 'x', 'oui', 'si', 'sí'])

/** Columns of a contact file by their meaning; all others are attributes. */
export interface ContactColumns {
  phone: string | null
  userId: string | null
  name: string | null
  optOut: string | null
  attributes: string[]
}

/**
 * Columns of a file; null when it has neither phone numbers nor user ids.
 * @param header in lower case
 * @param input the columns that the caller names
 */
export function contactColumns(header: readonly string[], input: { phone?: string; name?: string }): ContactColumns | null {
  const find = (names: readonly string[]) => names.find(name => header.includes(name)) ?? null
  const phone = find(input.phone === undefined ? PHONE_COLUMNS : [input.phone.toLowerCase()])
  const userId = find(USER_COLUMNS)
  if (phone === null && userId === null) return null
  const name = find(input.name === undefined ? NAME_COLUMNS : [input.name.toLowerCase()])
  const optOut = find(OPT_OUT_COLUMNS)
  const taken = new Set([phone, userId, name, optOut])
  return { phone, userId, name, optOut, attributes: header.filter(column => column !== '' && !taken.has(column)) }
}

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

/** Reads a contact from a row of a file, or names the problem. @param home E.164 digits of the business's own number */
export function readContactRow(
  record: Record<string, string>,
  columns: ContactColumns,
  home: string | null,
): ContactRow | { problem: string } {
  const cell = (column: string | null) => (column === null ? '' : (record[column] ?? '').trim())
  const phone = cell(columns.phone)
  const isUser = isBusinessScopedId(phone)
  const userId = isUser ? phone : cell(columns.userId) || null
  const parsed = phone === '' || isUser ? null : parsePhone(phone, home)
  if (phone !== '' && !isUser && parsed === null) return { problem: 'The phone number is not valid.' }
  if (userId !== null && !isBusinessScopedId(userId)) return { problem: 'The user id is not a business-scoped user id.' }
  const waId = parsed?.waId ?? null
  const key = waId === null ? userId : (phoneVariants(waId).toSorted()[0] ?? waId)
  if (key === null) return { problem: 'The row has neither a phone number nor a user id.' }
  const name = cell(columns.name) || null
  if (name !== null && name.length > MAX_NAME) return { problem: `The name is longer than ${MAX_NAME} characters.` }
  const cells = columns.attributes.map(column => [attributeName(column), cell(column)] as const).filter(([, text]) => text !== '')
  if (cells.length > MAX_ATTRIBUTES) return { problem: `The row has more than ${MAX_ATTRIBUTES} attributes.` }
  const long = cells.find(([, text]) => text.length > MAX_TEXT)
  if (long) return { problem: `The attribute ${long[0]} is longer than ${MAX_TEXT} characters.` }
  return { waId, userId, key, name, optOut: YES.has(cell(columns.optOut).toLowerCase()), attributes: Object.fromEntries(cells) }
}

/** Attribute name for a column: letters without accents, digits and underscores, at most 64 characters. */
const attributeName = (column: string) => column.normalize('NFD').replace(/\p{M}/gu, '').replace(/\W+/g, '_').slice(0, 64) || '_'

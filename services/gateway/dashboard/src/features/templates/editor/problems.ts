import { MAX_LABEL, MAX_PHONE, MAX_URL } from '#shared/domain/templates/buttons.ts'
import { MAX_BODY_LENGTH, MAX_COUPON_LENGTH } from '#shared/domain/templates/fill.ts'
import { MAX_SHORT, TEMPLATE_NAME } from '#shared/domain/templates/rules.ts'
import { isCounted, placeholdersOf } from '#shared/domain/templates/slots.ts'
import type { Problem } from '../../../lib/api/problem.ts'
import type { TextId } from '../../../lib/i18n/text-ids.ts'
import type { ButtonDraft, Draft } from './draft.ts'
import { componentsOf, keyOf, slotsOf } from './draft.ts'

export { MAX_BODY_LENGTH, MAX_COUPON_LENGTH, MAX_LABEL, MAX_PHONE, MAX_SHORT, MAX_URL }

/** Something that is wrong with a field. */
export interface Fault {
  text: TextId
  values?: Record<string, string | number>
  /** It is only not there yet: said when the form is sent, not while it is filled in. */
  isMissing?: true
}
/** By the field: `name`, `header`, `body`, `footer`, `minutes`, `button 0 text`, `BODY 1` for the sample of a variable. */
export type Faults = Record<string, Fault>

export const lengthOf = (text: string): number => [...text].length

const MISSING: Fault = { text: 'editor.fault.missing', isMissing: true }

/** What Meta has of a template that is changed. */
export interface Fixed {
  parameterFormat: 'POSITIONAL' | 'NAMED'
  /** Whether the draft has the content that Meta has: then it is not sent, and a file needs not be chosen again. */
  hasSameContent: boolean
}

/**
 * For what Meta or the gateway would refuse the draft, by its fields; the first fault of each.
 * @param fixed of a template that is changed; null for a new one
 */
export function faultsOf(draft: Draft, fixed: Fixed | null = null): Faults {
  const faults: Faults = {}
  const put = (field: string, fault: Fault | null) => {
    if (fault !== null && faults[field] === undefined) faults[field] = fault
  }
  put('name', draft.name === '' ? MISSING : TEMPLATE_NAME.test(draft.name) ? null : { text: 'editor.fault.name' })
  if (draft.category === 'AUTHENTICATION') {
    put('minutes', minutesFault(draft.code.minutes))
    return faults
  }
  if (!fixed?.hasSameContent) put('header', headerFault(draft.header, fixed !== null))
  put('body', lengthFault(draft.body, MAX_BODY_LENGTH) ?? variablesFault(draft.body) ?? placeFault(draft.body))
  if (fixed) put('body', formatFault(draft, fixed))
  if (draft.footer !== '')
    put('footer', lengthFault(draft.footer, MAX_SHORT) ?? (has(draft.footer) ? { text: 'editor.fault.noVariables' } : null))
  if (draft.header.kind === 'TEXT' && isNamed(draft.header.text) !== null && isNamed(draft.body) !== null)
    put('header', isNamed(draft.header.text) === isNamed(draft.body) ? null : { text: 'editor.fault.mixed' })
  for (const [i, button] of draft.buttons.entries())
    for (const [part, fault] of buttonFaults(button)) put(`button ${i} ${part}`, fault)
  for (const slot of slotsOf(draft)) put(keyOf(slot), draft.variables[keyOf(slot)]?.sample.trim() ? null : MISSING)
  return faults
}

const has = (text: string) => placeholdersOf(text).length > 0
/** Whether the variables of a text have names; null without variables. */
const isNamed = (text: string) => (has(text) ? placeholdersOf(text).some(name => !isCounted(name)) : null)

function lengthFault(text: string, most: number): Fault | null {
  if (text.trim() === '') return MISSING
  return lengthOf(text) > most ? { text: 'editor.fault.long', values: { n: lengthOf(text) - most, most } } : null
}

function headerFault({ kind, text, file }: Draft['header'], isEdit: boolean): Fault | null {
  if (kind === 'NONE' || kind === 'LOCATION') return null
  if (kind !== 'TEXT') return file !== null ? null : isEdit ? { ...MISSING, text: 'editor.fault.fileAgain' } : MISSING
  const wrong = lengthFault(text, MAX_SHORT) ?? variablesFault(text)
  return wrong ?? (placeholdersOf(text).length > 1 ? { text: 'editor.fault.oneVariable' } : null)
}

/** Variables are numbered from 1 without gaps, or all have names in small letters. */
function variablesFault(text: string): Fault | null {
  const written = text.match(/\{\{[^{}]*\}\}/g) ?? []
  const odd = written.find(one => !/^\{\{\s*(\d+|[a-z][a-z0-9_]*)\s*\}\}$/.test(one))
  if (odd) return { text: 'editor.fault.variable', values: { variable: odd } }
  if (/\{\{|\}\}/.test(text.replace(/\{\{[^{}]*\}\}/g, ''))) return { text: 'editor.fault.braces' }
  const names = placeholdersOf(text)
  if (names.some(isCounted) && !names.every(isCounted)) return { text: 'editor.fault.mixed' }
  const gap = names.findIndex((name, i) => isCounted(name) && Number(name) !== i + 1)
  return gap < 0 ? null : { text: 'editor.fault.gap', values: { variable: `{{${gap + 1}}}` } }
}

/** Variables have names or numbers as they had when the template was made. */
function formatFault({ header, body }: Draft, { parameterFormat }: Fixed): Fault | null {
  const named = isNamed(body) ?? (header.kind === 'TEXT' ? isNamed(header.text) : null)
  if (named === null || named === (parameterFormat === 'NAMED')) return null
  return { text: named ? 'editor.fault.numbersOnly' : 'editor.fault.namesOnly' }
}

/** A variable stands neither first nor last, and not beside another. */
function placeFault(body: string): Fault | null {
  if (/^\s*\{\{/.test(body)) return { text: 'editor.fault.first' }
  if (/\}\}\s*$/.test(body)) return { text: 'editor.fault.last' }
  return /\}\}\s*\{\{/.test(body) ? { text: 'editor.fault.beside' } : null
}

function minutesFault(minutes: string): Fault | null {
  const isRight = minutes.trim() === '' || (/^\d+$/.test(minutes.trim()) && Number(minutes) >= 1 && Number(minutes) <= 90)
  return isRight ? null : { text: 'editor.fault.minutes' }
}

function buttonFaults({ kind, text, target, sample }: ButtonDraft): [string, Fault | null][] {
  const label = lengthFault(text, MAX_LABEL) ?? (has(text) ? ({ text: 'editor.fault.noVariables' } as const) : null)
  switch (kind) {
    case 'QUICK_REPLY':
      return [['text', label]]
    case 'PHONE_NUMBER':
      return [
        ['text', label],
        ['target', lengthFault(target, MAX_PHONE)],
      ]
    case 'COPY_CODE':
      return [['sample', lengthFault(sample, MAX_COUPON_LENGTH)]]
    case 'URL':
      return [
        ['text', label],
        ['target', urlFault(target.trim())],
        ['sample', has(target) && sample.trim() === '' ? MISSING : null],
      ]
  }
}

function urlFault(url: string): Fault | null {
  const long = lengthFault(url, MAX_URL)
  if (long) return long
  if (!/^https?:\/\//i.test(url)) return { text: 'editor.fault.https' }
  const isAtEnd = placeholdersOf(url).length === 1 && url.endsWith('}}')
  return has(url) && !isAtEnd ? { text: 'editor.fault.urlEnd' } : null
}

const ADVERTISING =
  /(\b(promo\w*|sales?|soldes?|discounts?|remises?|offers?|offres?|free|gratuit\w*|coupons?|black.?friday)\b|\d ?%|تخفيض|خصم|عرض خاص|مجان)/iu
const SECRETS =
  /\b(passwords?|mots? de passe|credit card|carte bancaire|card number|pin code)\b|كلمة (ال)?(سر|مرور)|بطاقة (ال)?بنكية/iu
const SHORT_LINKS = /\b(wa\.me|bit\.ly|tinyurl\.com|goo\.gl|t\.co|ow\.ly|cutt\.ly)\//i

/** What makes Meta refuse a template or move it to another category, though its form is right. */
export function warningsOf(draft: Draft): TextId[] {
  if (draft.category === 'AUTHENTICATION') return []
  const texts = [draft.header.kind === 'TEXT' ? draft.header.text : '', draft.body, draft.footer]
  const all = [...texts, ...draft.buttons.flatMap(({ text, target }) => [text, target])].join('\n')
  const words = draft.body.replaceAll(/\{\{[^{}]*\}\}/g, ' ').match(/\p{L}+/gu)?.length ?? 0
  const variables = placeholdersOf(draft.body).length
  return [
    ...(draft.category === 'UTILITY' && ADVERTISING.test(`${all}\n${draft.name.replaceAll('_', ' ')}`)
      ? (['editor.warning.advertising'] as const)
      : []),
    ...(SECRETS.test(all) ? (['editor.warning.secrets'] as const) : []),
    ...(SHORT_LINKS.test(all) ? (['editor.warning.link'] as const) : []),
    ...(variables > 0 && words < variables * 3 ? (['editor.warning.dense'] as const) : []),
  ]
}

/** Subcodes of Meta's refusals, and the field that each concerns. */
const FIELD_OF: Record<number, string> = {
  2388023: 'name',
  2388024: 'name',
  2388047: 'header',
  2388072: 'body',
  2388073: 'footer',
  2388293: 'body',
  2388299: 'body',
}

/** What the server says of the fields, by the field; what concerns none of them is missing. */
export function saidOf({ errorCode, detail, errors, extra }: Problem, draft: Draft): Record<string, string> {
  if (errorCode === 'TEMPLATE_EXISTS') return { name: detail }
  const subcode = (extra.meta as { subcode?: unknown } | undefined)?.subcode
  const named = /field (HEADER|BODY|FOOTER)|type (HEADER|BODY|FOOTER)/.exec(detail)
  const field =
    FIELD_OF[Number(subcode)] ?? (errorCode === 'TEMPLATE_REFUSED' ? (named?.[1] ?? named?.[2])?.toLowerCase() : undefined)
  if (field) return { [field]: detail }
  const types = componentsOf(draft).map(({ type }) => String(type))
  return Object.fromEntries(errors.map(({ path, message }) => [fieldOf(path, types), message] as const).toReversed())
}

/** Field of a path of the API, such as `components.2.buttons.0.url`. */
function fieldOf(path: string, types: readonly string[]): string {
  const [whole, index, part, at, member] = path.split('.')
  if (whole !== 'components' || index === undefined) return whole ?? ''
  if (part === 'buttons' && at !== undefined)
    return `button ${at} ${member === 'text' ? 'text' : member === 'example' ? 'sample' : 'target'}`
  return (types[Number(index)] ?? '').toLowerCase()
}

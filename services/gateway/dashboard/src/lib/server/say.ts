import { i18n } from '@lingui/core'
import type { SentenceKey } from '#shared/domain/sentence.ts'
import { loadTexts } from '../i18n/i18n.ts'

/**
 * Sentences that the server made, in the reader's language. The server sends each in English, with a stable name and values; the
 * texts of the other languages are a catalogue of their own, which is loaded when it is needed. A name that the catalogue does not
 * have is said in the server's English.
 */
const FOLDER = 'lib/server'
/** A text that every catalogue has. */
const PROOF = 'server.UNREACHABLE'

/** The server's sentence in the reader's language. @param keys its names, the most particular first */
export function say(english: string, ...keys: (SentenceKey | null | undefined)[]): string {
  if (i18n.locale === 'en') return english
  if (!(PROOF in i18n.messages)) void loadTexts(FOLDER).catch(() => undefined)
  for (const key of keys) {
    const said = key ? textOf(key) : null
    if (said !== null) return said
  }
  return english
}

const WHOLE = '.whole'

/** Text of a name, or null. That of `x.whole` is what happened and what to do, one after the other. */
function textOf({ key, parameters }: SentenceKey): string | null {
  if (key.endsWith(WHOLE)) {
    const first = key.slice(0, -WHOLE.length)
    const [sentence, next] = [textOf({ key: first, parameters }), textOf({ key: `${first}.next`, parameters })]
    return sentence === null || next === null ? null : `${sentence} ${next}`
  }
  const id = `server.${key}`
  return id in i18n.messages ? i18n._(id, isolated(parameters)) : null
}

/** Values with a direction of their own, so that a name or a number does not mix with the direction of the sentence. */
const isolated = (parameters: SentenceKey['parameters']) =>
  Object.fromEntries(Object.entries(parameters).map(([name, value]) => [name, `\u2068${value}\u2069`]))

/** What is wrong with a field. */
export interface FieldProblem {
  path: string
  message: string
  messageKey?: SentenceKey
}

export const sayField = ({ message, messageKey }: FieldProblem): string => say(message, messageKey)

/** A refusal, as far as its sentence goes. */
export interface Refusal {
  errorCode: string
  /** The server's English sentence. */
  detail: string
  detailKey?: SentenceKey | null | undefined
  errors?: readonly FieldProblem[] | undefined
}

/** Refusals whose sentence only counts up what is wrong with the fields. */
const OF_FIELDS = ['BODY_INVALID', 'QUERY_INVALID', 'PARAMETER_INVALID', 'TEMPLATE_VARIABLES', 'TEMPLATE_INVALID']

/** Why the server refused something. */
export function sayRefusal({ errorCode, detail, detailKey, errors = [] }: Refusal): string {
  const said = say(detail, detailKey, { key: errorCode, parameters: {} })
  if (said === detail || !OF_FIELDS.includes(errorCode)) return said
  return [said, ...errors.map(one => (one.path ? `\u2068${one.path}\u2069: ${sayField(one)}` : sayField(one)))].join(' ')
}

/** A failure of a message: what happened and what to do. */
interface Failure {
  /** Stable name; null where the code says it. */
  key: string | null
  code: number | null
  sentence: string
  nextStep: string
}

export function sayFailure({ key, code, sentence, nextStep }: Failure): { sentence: string; nextStep: string } {
  const name = `failure.${key ?? nameOfCode(code)}`
  const parameters = {}
  return { sentence: say(sentence, { key: name, parameters }), nextStep: say(nextStep, { key: `${name}.next`, parameters }) }
}

/** Meta's permission errors are one range. */
const nameOfCode = (code: number | null) => (code !== null && code >= 200 && code <= 299 ? 200 : code)

/** Why a number does not send, as far as its pause goes. */
interface HeldNumber {
  reason: string | null
  reasonKey: SentenceKey | null
  pauseReason: string | null
  pauseCode: number | null
}

/** Why a number does not send, and what to do; null for one that does. What a person wrote stays as it is. */
export function sayReason({ reason, reasonKey, pauseReason, pauseCode }: HeldNumber): string | null {
  const english = reason ?? pauseReason
  if (english === null || (reason !== null && reasonKey === null && pauseReason === 'manual')) return english
  return say(
    english,
    reasonKey,
    pauseCode === null ? null : { key: `failure.${nameOfCode(pauseCode)}.whole`, parameters: {} },
    pauseReason === null ? null : { key: `pause.${pauseReason}`, parameters: {} },
  )
}

/** Why a row of an audience was left out: a sentence for each of its problems. Rows of earlier versions have no names. */
export function sayDetail(detail: string | null, keys: readonly SentenceKey[]): string | null {
  if (detail === null || i18n.locale === 'en') return detail
  const said = keys.map(named => {
    const { field } = named.parameters
    const text = textOf(named)
    return text !== null && field !== undefined ? `\u2068${field}\u2069: ${text}` : text
  })
  return said.length === 0 || said.includes(null) ? say(detail) : said.join(' ')
}

import { type ErrorClass, type ErrorRow, type ErrorScope, SEND_ERROR_TABLE } from './send-error-table.ts'

export type { ErrorClass, ErrorScope } from './send-error-table.ts'

/** Meta's error, from an HTTP answer or a failed status. `code` null: an HTTP error without Meta's envelope. */
export interface ErrorReport {
  code: number | null
  subcode?: number | null
  title?: string | null
  detail?: string | null
  httpStatus?: number | null
  isTransient?: boolean
}

/** An error with its classification, which decides what the sender does, and the texts that people read. */
export interface DescribedError {
  code: number | null
  subcode: number | null
  class: ErrorClass
  scope: ErrorScope
  /** Shortest wait in seconds; null where waiting does not help. */
  waitS: number | null
  /** Total number of attempts; used for class RETRY only. */
  maxAttempts: number
  title: string
  detail: string | null
  sentence: string
  nextStep: string
  /** False: the code is not in the table and is classified by HTTP status and `is_transient`. */
  known: boolean
}

/** Error as it is stored with a message and shown. */
export interface ErrorText {
  code: number | null
  title: string
  detail: string | null
  sentence: string
  nextStep: string
  source: 'meta' | 'platform'
}

export type PauseReason = 'token' | 'account' | 'payment' | 'quality' | 'registration'

/** Failures that the platform declares: provisional, replaced by any later report from Meta. */
export type PlatformFailure =
  | 'unknown-outcome'
  | 'window-closed'
  | 'template-unavailable'
  | 'opted-out'
  | 'blocked'
  | 'expired'
  | 'disconnected'
  | 'unsendable'
  | 'media-gone'
  | 'cancelled'

export const MAX_ATTEMPTS = 6
export const MAX_ATTEMPTS_UNKNOWN = 3

/** Classifies every error; an unknown code by its HTTP status and `is_transient`. */
export function describeError(report: ErrorReport): DescribedError {
  const row = findRow(report.code, report.subcode ?? null)
  const described = row ?? unknownRow(report)
  return {
    code: report.code,
    subcode: report.subcode ?? null,
    class: described.class,
    scope: described.scope,
    waitS: described.waitS,
    maxAttempts: described.maxAttempts ?? MAX_ATTEMPTS,
    title: described.title,
    detail: report.detail ?? null,
    sentence: described.sentence,
    nextStep: described.nextStep,
    known: row !== undefined,
  }
}

/** Error of Meta as it is stored with the failed message. */
export function errorDoc(report: ErrorReport): ErrorText {
  const { code, title, detail, sentence, nextStep } = describeError(report)
  return { code, title, detail, sentence, nextStep, source: 'meta' }
}

/** Error for a failure that the platform declares. @param detail specific to this message, without its text */
export function platformError(failure: PlatformFailure, detail: string | null = null): ErrorText {
  return { ...PLATFORM_FAILURES[failure], detail, source: 'platform' }
}

/**
 * Name of a failure that the platform declared, which texts in other languages go by; null for errors of Meta, which have codes.
 * It follows from the title, so that failures of any age have one.
 */
export function failureKeyOf({ source, title }: Pick<ErrorText, 'source' | 'title'>): PlatformFailure | null {
  return source === 'platform' ? (KEYS_BY_TITLE.get(title) ?? null) : null
}

/**
 * Name that texts in other languages go by: of a failure that the platform declared, or of an error of Meta that its code does not
 * name alone, as `100/33`; null where the code does.
 */
export const textKeyOf = (error: Pick<ErrorText, 'source' | 'title' | 'sentence'>): string | null =>
  failureKeyOf(error) ?? (error.source === 'meta' ? (KEYS_BY_SENTENCE.get(error.sentence) ?? null) : null)

/** Reason for which an error pauses a number; it selects the banner and the remedy. */
export function pauseReason(error: Pick<DescribedError, 'code' | 'scope'>): PauseReason {
  if (error.code !== null && PAYMENT_CODES.has(error.code)) return 'payment'
  if (error.code === SPAM_LIMIT) return 'quality'
  if (error.scope === 'token') return 'token'
  return error.scope === 'waba' ? 'account' : 'registration'
}

/** Spam limit: campaigns of the number are held, replies go on. */
export const SPAM_LIMIT = 131048
/** Throughput of the number exceeded. */
export const THROUGHPUT_LIMIT = 130429
/** Too many messages to one recipient. */
export const PAIR_LIMIT = 131056
/** Free-form message after the end of the customer service window. */
export const WINDOW_CLOSED = 131047
const PAYMENT_CODES = new Set([131042, 134011])

const EXACT = new Map(SEND_ERROR_TABLE.map(row => [errorName(row.code, row.subcode), row]))
const RANGES = SEND_ERROR_TABLE.filter(row => row.upTo !== undefined)

/** Name of an error of the table: its code, and its subcode where it has one, as `100/33`. */
export function errorName(code: number, subcode: number | null): string {
  return subcode === null ? String(code) : `${code}/${subcode}`
}

function findRow(code: number | null, subcode: number | null): ErrorRow | undefined {
  if (code === null) return undefined
  const exact = EXACT.get(errorName(code, subcode)) ?? EXACT.get(errorName(code, null))
  return exact ?? RANGES.find(row => code >= row.code && code <= (row.upTo ?? row.code))
}

type Refusal = Omit<ErrorRow, 'code' | 'subcode'>

/**
 * Classification of an unknown code. A 4xx without an envelope comes from a proxy before Meta's API; only 401 and 429 mean the
 * same there.
 */
function unknownRow(report: ErrorReport): Refusal {
  const status = report.httpStatus ?? 0
  const title = report.title ?? (report.code === null ? `HTTP ${status}` : `Error ${report.code}`)
  if (report.code === null && status === 429) return { ...THROTTLED, title }
  if (report.code === null && status === 401) return { ...UNAUTHORISED, title }
  if (report.isTransient || status >= 500) return { ...TRANSIENT, title }
  return { ...REFUSED, title }
}

const THROTTLED: Omit<Refusal, 'title'> = {
  class: 'RETRY_LATER',
  scope: 'number',
  waitS: 1,
  sentence: 'WhatsApp asked this number to send more slowly.',
  nextStep: 'No action is needed. The message is sent again when WhatsApp allows it.',
}
const UNAUTHORISED: Omit<Refusal, 'title'> = {
  class: 'PAUSE',
  scope: 'token',
  waitS: null,
  sentence: "WhatsApp does not accept this number's access token.",
  nextStep: 'Connect the number again. The waiting messages are then sent automatically.',
}
const TRANSIENT: Omit<Refusal, 'title'> = {
  class: 'RETRY',
  scope: 'message',
  waitS: 5,
  maxAttempts: MAX_ATTEMPTS_UNKNOWN,
  sentence: 'WhatsApp reported a temporary error.',
  nextStep: 'Send the message again later.',
}
const REFUSED: Omit<Refusal, 'title'> = {
  class: 'FAIL',
  scope: 'message',
  waitS: null,
  sentence: 'WhatsApp refused this message. The detail contains the reason that WhatsApp gave.',
  nextStep: 'Correct the problem that the detail names, or contact support with the error code.',
}

const windowClosed = EXACT.get(errorName(WINDOW_CLOSED, null)) as ErrorRow

const PLATFORM_FAILURES: Record<PlatformFailure, Omit<ErrorText, 'detail' | 'source'>> = {
  'unknown-outcome': {
    code: null,
    title: 'Outcome unknown',
    sentence: 'WhatsApp received the request but did not confirm whether the message was accepted. It may have been sent.',
    nextStep: 'Ask the recipient whether it arrived, or send it again; it may then arrive twice.',
  },
  cancelled: {
    code: null,
    title: 'Cancelled',
    sentence: 'The message was cancelled before it was sent.',
    nextStep: 'Send a new message if it is still wanted.',
  },
  'media-gone': {
    code: null,
    title: 'File not found',
    sentence: 'The file of this message is no longer in the storage.',
    nextStep: 'Upload the file again and send a new message.',
  },
  'window-closed': {
    code: WINDOW_CLOSED,
    title: windowClosed.title,
    sentence: windowClosed.sentence,
    nextStep: windowClosed.nextStep,
  },
  'template-unavailable': {
    code: null,
    title: 'Template not available',
    sentence: 'The template of this message was no longer approved when the message was due.',
    nextStep: 'Choose an approved template, or have this one approved again.',
  },
  'opted-out': {
    code: null,
    title: 'Opted out of marketing',
    sentence: 'This person opted out of marketing after the message was accepted.',
    nextStep: 'Use a utility template, or wait until the person writes again.',
  },
  blocked: {
    code: null,
    title: 'Contact blocked',
    sentence: 'This person was blocked after the message was accepted, so it was not sent.',
    nextStep: 'Unblock the contact and send the message again if it is still wanted.',
  },
  expired: {
    code: null,
    title: 'Waited too long',
    sentence: 'The message could not be sent within the time that your organisation or its sender allows.',
    nextStep: 'Send the message again if it is still wanted.',
  },
  disconnected: {
    code: null,
    title: 'Number not connected',
    sentence: 'The number that this message was to be sent from is no longer connected.',
    nextStep: 'Connect the number again, or send from another number.',
  },
  unsendable: {
    code: null,
    title: 'Message cannot be sent',
    sentence: 'The stored message is incomplete and cannot be sent.',
    nextStep: 'Write the message again.',
  },
}

/** Names of the failures that the platform declares. */
export const PLATFORM_FAILURE_KEYS = Object.keys(PLATFORM_FAILURES) as PlatformFailure[]

/** Texts of errors that are not in the table, by name. */
export const UNKNOWN_ERRORS = {
  throttled: THROTTLED,
  unauthorised: UNAUTHORISED,
  transient: TRANSIENT,
  refused: REFUSED,
} as const

const KEYS_BY_SENTENCE = new Map([
  ...SEND_ERROR_TABLE.flatMap(row => (row.subcode === null ? [] : [[row.sentence, errorName(row.code, row.subcode)] as const])),
  ...Object.entries(UNKNOWN_ERRORS).map(([name, { sentence }]) => [sentence, name] as const),
])

const KEYS_BY_TITLE = new Map(
  Object.entries(PLATFORM_FAILURES).map(([key, { title }]) => [title, key as PlatformFailure] as const),
)

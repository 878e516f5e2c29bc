import { type ErrorClass, type ErrorRow, type ErrorScope, SEND_ERROR_TABLE } from './send-error-table.ts'

export type { ErrorClass, ErrorScope } from './send-error-table.ts'

/** What Meta said, in an HTTP answer or in a failed status. `code` null: an HTTP error without Meta's envelope. */
export interface ErrorReport {
  code: number | null
  subcode?: number | null
  title?: string | null
  detail?: string | null
  httpStatus?: number | null
  isTransient?: boolean
}

/** A report with our judgement: what the sender does about it, and what people read. */
export interface DescribedError {
  code: number | null
  subcode: number | null
  class: ErrorClass
  scope: ErrorScope
  /** Seconds that Meta wants at least; null where waiting is no cure. */
  waitS: number | null
  /** Attempts in all; counts for RETRY only. */
  maxAttempts: number
  title: string
  detail: string | null
  sentence: string
  nextStep: string
  /** False: the code is in no table, judged by HTTP status and `is_transient` alone. */
  known: boolean
}

/** As stored with a message and shown. */
export interface ErrorText {
  code: number | null
  title: string
  detail: string | null
  sentence: string
  nextStep: string
  source: 'meta' | 'platform'
}

export type PauseReason = 'token' | 'account' | 'payment' | 'quality' | 'registration'

/** Failures that we declare ourselves: provisional, any later word of Meta replaces them. */
export type PlatformFailure =
  | 'unknown-outcome'
  | 'window-closed'
  | 'template-unavailable'
  | 'opted-out'
  | 'expired'
  | 'disconnected'
  | 'unsendable'
  | 'media-gone'
  | 'cancelled'

export const MAX_ATTEMPTS = 6
export const MAX_ATTEMPTS_UNKNOWN = 3

/** Class, scope, sentence and next step of an error; total: an unknown code is judged by its HTTP status and `is_transient`. */
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

/** What stays with the message that failed. */
export function errorDoc(report: ErrorReport): ErrorText {
  const { code, title, detail, sentence, nextStep } = describeError(report)
  return { code, title, detail, sentence, nextStep, source: 'meta' }
}

/** @param detail what is particular to this message; no text of the message itself. */
export function platformError(failure: PlatformFailure, detail: string | null = null): ErrorText {
  return { ...PLATFORM_FAILURES[failure], detail, source: 'platform' }
}

/** Why a number is paused by this error: the banner and the cure differ. */
export function pauseReason(error: Pick<DescribedError, 'code' | 'scope'>): PauseReason {
  if (error.code !== null && PAYMENT_CODES.has(error.code)) return 'payment'
  if (error.code === SPAM_LIMIT) return 'quality'
  if (error.scope === 'token') return 'token'
  return error.scope === 'waba' ? 'account' : 'registration'
}

/** The number may go on with replies, but campaigns are held. */
export const SPAM_LIMIT = 131048
/** The number's throughput is used up. */
export const THROUGHPUT_LIMIT = 130429
/** Too much for one recipient. */
export const PAIR_LIMIT = 131056
/** Free-form after the window's end. */
export const WINDOW_CLOSED = 131047
const PAYMENT_CODES = new Set([131042, 134011])

const EXACT = new Map(SEND_ERROR_TABLE.map(row => [key(row.code, row.subcode), row]))
const RANGES = SEND_ERROR_TABLE.filter(row => row.upTo !== undefined)

function key(code: number, subcode: number | null): string {
  return subcode === null ? String(code) : `${code}/${subcode}`
}

function findRow(code: number | null, subcode: number | null): ErrorRow | undefined {
  if (code === null) return undefined
  const exact = EXACT.get(key(code, subcode)) ?? EXACT.get(key(code, null))
  return exact ?? RANGES.find(row => code >= row.code && code <= (row.upTo ?? row.code))
}

type Refusal = Omit<ErrorRow, 'code' | 'subcode'>

/** 4xx without an envelope comes from something before Meta's API; only 401 and 429 mean the same there. */
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
  sentence: 'WhatsApp asks this number to send more slowly.',
  nextStep: 'Nothing to do: the message is tried again when WhatsApp allows more.',
}
const UNAUTHORISED: Omit<Refusal, 'title'> = {
  class: 'PAUSE',
  scope: 'token',
  waitS: null,
  sentence: "WhatsApp does not accept this number's access token.",
  nextStep: 'Connect the number again; the waiting messages then go out by themselves.',
}
const TRANSIENT: Omit<Refusal, 'title'> = {
  class: 'RETRY',
  scope: 'message',
  waitS: 5,
  maxAttempts: MAX_ATTEMPTS_UNKNOWN,
  sentence: 'WhatsApp failed for a reason that it calls temporary.',
  nextStep: 'Send it again later.',
}
const REFUSED: Omit<Refusal, 'title'> = {
  class: 'FAIL',
  scope: 'message',
  waitS: null,
  sentence: 'WhatsApp refused this message; the detail holds its own words.',
  nextStep: 'Correct what the detail names, or ask support with the code.',
}

const windowClosed = EXACT.get(key(WINDOW_CLOSED, null)) as ErrorRow

const PLATFORM_FAILURES: Record<PlatformFailure, Omit<ErrorText, 'detail' | 'source'>> = {
  'unknown-outcome': {
    code: null,
    title: 'Outcome unknown',
    sentence: 'WhatsApp took the request but never said whether the message was accepted; it may have been sent.',
    nextStep: 'Ask the recipient, or send it again and accept that it may arrive twice.',
  },
  cancelled: {
    code: null,
    title: 'Cancelled',
    sentence: 'It was cancelled before it was sent.',
    nextStep: 'Send it anew if it shall go after all.',
  },
  'media-gone': {
    code: null,
    title: 'File not found',
    sentence: 'The file of this message is not in the storage any more.',
    nextStep: 'Upload the file again and send it anew.',
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
    sentence: 'The template of this message was no longer approved when it should go out.',
    nextStep: 'Choose an approved template, or have this one approved again.',
  },
  'opted-out': {
    code: null,
    title: 'No marketing wanted',
    sentence: 'This person has asked for no more marketing since the message was accepted.',
    nextStep: 'Nothing to do: write with a utility template, or wait until the person writes again.',
  },
  expired: {
    code: null,
    title: 'Waited too long',
    sentence: 'The message could not be sent within the time your organisation allows, so it was given up.',
    nextStep: 'Send it again if it is still wanted.',
  },
  disconnected: {
    code: null,
    title: 'Number not connected',
    sentence: 'The number that this message should go out from is no longer connected.',
    nextStep: 'Connect the number again, or send from another one.',
  },
  unsendable: {
    code: null,
    title: 'Message cannot be sent',
    sentence: 'This message is stored without what is needed to send it.',
    nextStep: 'Write the message again.',
  },
}

/** The business account that a Graph API call is about: Meta limits calls by app and by account. */
export interface CallAccount {
  wabaId: string
  /** Calls per hour that Meta allows; null: the call is not counted, but it is refused while the account is held. */
  perHour: number | null
}

/** Length of a hold: `askedMs` if Meta names a time (0 if not), otherwise `baseMs`, doubled with each further refusal. */
export interface CallHold {
  baseMs: number
  askedMs: number
}

/** Limiter for Graph API calls other than sends, shared by all processes. No method throws. */
export interface CallLimits {
  /** Counts the call and returns 0, or returns the ms until it makes sense to ask again. */
  take(account: CallAccount | null): Promise<number>
  /** Stops the calls of an account, or of the whole app for null, because Meta refused one for its limit. */
  hold(wabaId: string | null, hold: CallHold): Promise<void>
}

/** Fields of a number that decide how many calls its account may make. */
interface CallingNumber {
  wabaId: string
  status: string
  pauseReason: string | null
}

const HOUR_MS = 3_600_000
/** Meta's limits for an account with a registered number, and for one without. */
const CALLS_PER_HOUR = 5000
const CALLS_PER_HOUR_UNREGISTERED = 200

/** Share of an account's limit that each process uses without Redis, when the number of processes is not known. */
export const LOCAL_LIMIT_SHARE = 1 / 4
/** Longest hold; repeated holds double up to it. */
export const MAX_HOLD_MS = HOUR_MS
/** Usage in per cent, by Meta's own count, from which calls pause before Meta refuses them. */
export const USAGE_LIMIT = 95
/** Hold when Meta names no time. */
export const HOLD_MS = 60_000

/** Bucket of half the limit at once and the other half evenly, so that no hour, wherever it begins, exceeds the limit. */
export function callBucket(perHour: number): { intervalMs: number; burst: number } {
  const half = Math.max(1, Math.floor(perHour / 2))
  return { intervalMs: HOUR_MS / half, burst: half }
}

/** Account of a management call: fields of numbers and accounts, templates, webhooks. */
export function managementAccount({ wabaId, status, pauseReason }: CallingNumber): CallAccount {
  const isRegistered = status !== 'disconnected' && pauseReason !== 'registration'
  return { wabaId, perHour: isRegistered ? CALLS_PER_HOUR : CALLS_PER_HOUR_UNREGISTERED }
}

/** Account of a call that Meta does not count as management, such as a request for a file's address. */
export const uncountedAccount = ({ wabaId }: Pick<CallingNumber, 'wabaId'>): CallAccount => ({ wabaId, perHour: null })

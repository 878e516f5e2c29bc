/** The business account that a call of the Graph API is about: Meta counts them by app and account. */
export interface CallAccount {
  wabaId: string
  /** Calls an hour that Meta allows; null: it does not count this one, but whoever is over the limit makes none. */
  perHour: number | null
}

/** What Meta asks for: `baseMs` at least, doubled each time that it goes on; `askedMs` as it said itself, 0 if it did not. */
export interface CallHold {
  baseMs: number
  askedMs: number
}

/** How many calls of the Graph API, other than sends, Meta allows: over all processes. Nothing here throws. */
export interface CallLimits {
  /** 0: the call may be made, and is counted. Else ms until it makes sense to ask again. */
  take(account: CallAccount | null): Promise<number>
  /** Meta limits the account, or for null the whole app. */
  hold(wabaId: string | null, hold: CallHold): Promise<void>
}

/** A number, as far as it says how many calls its account may make. */
interface CallingNumber {
  wabaId: string
  status: string
  pauseReason: string | null
}

const HOUR_MS = 3_600_000
/** With a registered number, and without. */
const CALLS_PER_HOUR = 5000
const CALLS_PER_HOUR_UNREGISTERED = 200

/** Without Redis nobody knows how many share the account: each process takes this part of what it may do. */
export const LOCAL_SHARE = 1 / 4
/** A hold that Meta repeats doubles up to this. */
export const MAX_HOLD_MS = HOUR_MS
/** By Meta's own count, in per cent: from here on calls pause, before it refuses them. */
export const USED_UP = 95
/** For so long, when Meta does not say for how long. */
export const HOLD_MS = 60_000

/** Half at once and the other half evenly: in no hour more than all, wherever it begins. */
export function callBucket(perHour: number): { intervalMs: number; burst: number } {
  const half = Math.max(1, Math.floor(perHour / 2))
  return { intervalMs: HOUR_MS / half, burst: half }
}

/** Calls that manage: fields of numbers and accounts, templates, webhooks. */
export function managing({ wabaId, status, pauseReason }: CallingNumber): CallAccount {
  const isRegistered = status !== 'disconnected' && pauseReason !== 'registration'
  return { wabaId, perHour: isRegistered ? CALLS_PER_HOUR : CALLS_PER_HOUR_UNREGISTERED }
}

/** Calls that Meta does not count with those that manage, such as for the address of a file. */
export const uncounted = ({ wabaId }: Pick<CallingNumber, 'wabaId'>): CallAccount => ({ wabaId, perHour: null })

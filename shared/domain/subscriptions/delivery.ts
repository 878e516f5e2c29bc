/** Rules of the deliveries of events to tenants' endpoints: what an answer means, and when the next attempt is. */

const SECOND_MS = 1000
const MINUTE_MS = 60 * SECOND_MS
const HOUR_MS = 60 * MINUTE_MS

/** Waits after the first, second, … failed attempt, in ms: eleven attempts over a day. */
export const RETRY_DELAYS_MS: readonly number[] = [
  5 * SECOND_MS,
  30 * SECOND_MS,
  2 * MINUTE_MS,
  10 * MINUTE_MS,
  30 * MINUTE_MS,
  HOUR_MS,
  2 * HOUR_MS,
  4 * HOUR_MS,
  8 * HOUR_MS,
  9 * HOUR_MS,
]
/** A wait is longer by up to this part of itself, so that what failed together does not come again together. */
const JITTER = 0.2
/** Longest wait that an endpoint may ask for. */
const MAX_RETRY_AFTER_MS = HOUR_MS

/** Why an attempt failed. `answer`: with a status that is none of success. */
export const DELIVERY_PROBLEMS = ['answer', 'redirect', 'timeout', 'connection', 'address', 'secret'] as const
export type DeliveryProblem = (typeof DELIVERY_PROBLEMS)[number]

/** What became of one call of an endpoint. */
export interface CallResult {
  /** HTTP status; null where no answer came. */
  status: number | null
  /** Null: delivered. */
  problem: DeliveryProblem | null
  /** For how long the endpoint wants to be left alone; null where it does not say. */
  retryAfterMs: number | null
}

export type DeliveryVerdict =
  | { kind: 'delivered' }
  | { kind: 'retry'; delayMs: number }
  /** The attempts are used up. */
  | { kind: 'exhausted' }
  /** 410: the endpoint wants no events any more. */
  | { kind: 'gone' }

/** Why an answer is no success; null for one that is. Redirects are not followed. */
export function problemOfStatus(status: number): DeliveryProblem | null {
  if (status >= 200 && status < 300) return null
  return status >= 300 && status < 400 ? 'redirect' : 'answer'
}

/**
 * What follows from a call.
 * @param attempt the number of the attempt, from 1 @param random in [0, 1) @param delays waits by attempt, in ms
 */
export function verdictOf(
  { status, problem, retryAfterMs }: CallResult,
  attempt: number,
  random: number,
  delays: readonly number[] = RETRY_DELAYS_MS,
): DeliveryVerdict {
  if (problem === null) return { kind: 'delivered' }
  if (status === 410) return { kind: 'gone' }
  const delay = delays[attempt - 1]
  if (delay === undefined) return { kind: 'exhausted' }
  const jittered = Math.round(delay * (1 + JITTER * random))
  return { kind: 'retry', delayMs: Math.max(jittered, Math.min(retryAfterMs ?? 0, MAX_RETRY_AFTER_MS)) }
}

/** Whether a failure says that the endpoint as a whole is in trouble, and not that it dislikes one event. */
export const isTrouble = ({ status, problem }: CallResult): boolean =>
  problem !== null && (problem !== 'answer' || status === null || status >= 500 || status === 429 || status === 408)

/** The wait in ms that a header `Retry-After` asks for, in seconds or as a date; null for none that can be read. */
export function retryAfterOf(header: string | null, now: Date): number | null {
  if (header === null) return null
  if (/^\d{1,9}$/.test(header.trim())) return Number(header) * SECOND_MS
  const at = Date.parse(header)
  return Number.isNaN(at) ? null : Math.max(0, at - now.getTime())
}

/** One call of Meta's messages endpoint; a call without an answer yet counts with its age. */
export interface TimedCall {
  ms: number
  /** False when the answer did not come, or the call did not reach Meta. */
  isAnswered: boolean
}

/** How quickly Meta answered the calls of one sender, or of all, in the last `PACE_MS`. */
export interface CallPace {
  calls: number
  unanswered: number
  /** Time that 95 % of the calls did not exceed. */
  p95Ms: number
}

/** Calls that are older count no more. */
export const PACE_MS = 5 * 60_000
/** Of more calls than these the latest count: they say how it is now. */
export const MOST_CALLS = 1000
/** From here on an answer is slow: Meta needs a few hundred milliseconds. */
export const SLOW_MS = 3000
/** Fewer calls than these say nothing. */
const FEWEST_CALLS = 3
const UNANSWERED_SHARE = 0.1

/** Null without a call. */
export function paceOf(calls: readonly TimedCall[]): CallPace | null {
  if (calls.length === 0) return null
  const times = calls.map(({ ms }) => ms).toSorted((a, b) => a - b)
  const p95Ms = Math.round(times[Math.ceil(times.length * 0.95) - 1] as number)
  return { calls: calls.length, unanswered: calls.filter(({ isAnswered }) => !isAnswered).length, p95Ms }
}

/** Pace of several senders together: the time is that of the slowest one whose calls are enough to tell. Null without a call. */
export function joinPaces(paces: readonly CallPace[]): CallPace | null {
  if (paces.length === 0) return null
  const telling = paces.filter(({ calls }) => calls >= FEWEST_CALLS)
  return {
    calls: paces.reduce((sum, { calls }) => sum + calls, 0),
    unanswered: paces.reduce((sum, { unanswered }) => sum + unanswered, 0),
    p95Ms: Math.max(...(telling.length > 0 ? telling : paces).map(({ p95Ms }) => p95Ms)),
  }
}

/** Whether sending suffers from Meta's slowness: answers take long, or a tenth of them does not come. */
export const isSlow = ({ calls, unanswered, p95Ms }: CallPace): boolean =>
  calls >= FEWEST_CALLS && (p95Ms >= SLOW_MS || unanswered >= UNANSWERED_SHARE * calls)

/** Rules of an endpoint's health: how much it is asked at once, when it is left alone, and when its subscription is switched off. */

/** A subscription whose calls have all failed for this time is disabled. */
export const DISABLE_AFTER_MS = 24 * 3_600_000
/** Calls of one endpoint at the same time, while it answers well. */
export const MAX_CALLS = 8
/** Failures in a row after which the endpoint is left alone for a while. */
const PATIENCE = 3
const PAUSE_MS = 1000
const MAX_PAUSE_MS = 60_000

/** How an endpoint does, as the process that delivers sees it. */
export interface Health {
  /** Calls that may be in flight. */
  limit: number
  /** Failures in a row that were the endpoint's trouble. */
  failures: number
  /** Time in ms until which no call begins; 0: none is kept back. */
  pausedUntil: number
}

export const NEW_HEALTH: Health = { limit: MAX_CALLS, failures: 0, pausedUntil: 0 }

/**
 * Health after a call. Trouble halves the number of calls at once and, repeated, pauses the endpoint for up to a minute, so that a
 * dead endpoint costs one call a minute however many events wait for it. A success raises the number by one and ends the pause.
 * @param scale of the pauses, for tests
 */
export function healthAfter(health: Health, isTrouble: boolean, nowMs: number, scale = 1): Health {
  if (!isTrouble) return { limit: Math.min(MAX_CALLS, health.limit + 1), failures: 0, pausedUntil: 0 }
  const failures = health.failures + 1
  const pauseMs = failures < PATIENCE ? 0 : Math.min(MAX_PAUSE_MS, PAUSE_MS * 2 ** Math.min(failures - PATIENCE, 16)) * scale
  return { limit: Math.max(1, Math.floor(health.limit / 2)), failures, pausedUntil: pauseMs === 0 ? 0 : nowMs + pauseMs }
}

/** Since when every call has failed, after one more. Null: the last one succeeded. */
export const failingSinceAfter = (failingSince: Date | null, isDelivered: boolean, now: Date): Date | null =>
  isDelivered ? null : (failingSince ?? now)

/** Whether a subscription has failed for so long that it is switched off. */
export const isToBeDisabled = (failingSince: Date | null, now: Date, afterMs = DISABLE_AFTER_MS): boolean =>
  failingSince !== null && now.getTime() - failingSince.getTime() >= afterMs

/** How long an account keeps what its messages say. Days are those of UTC. */

export const MIN_KEEP_DAYS = 30
export const MAX_KEEP_DAYS = 3650

const DAY_MS = 24 * 3_600_000

/** Beginning of the first day whose messages are kept: each is kept for `days` whole days. */
export function keptSince(days: number, now: Date): Date {
  return new Date((Math.floor(now.getTime() / DAY_MS) - days) * DAY_MS)
}

/**
 * Whether a message that is stored now has a time that the retention of some account may have passed. A day is left for the clocks
 * and for what is still being written.
 */
export const isLateFor = (at: Date, now: Date): boolean => at.getTime() < now.getTime() - (MIN_KEEP_DAYS - 1) * DAY_MS

/** Whether a change of the setting deletes what was kept before. @param before null: for ever */
export const deletesMore = (before: number | null, after: number | null): boolean =>
  after !== null && (before === null || after < before)

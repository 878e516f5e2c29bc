/** When an item of Meta's happened, and when it arrived here. */
export interface ItemTimes {
  /** Meta's time, in whole seconds. */
  at: Date
  receivedAt: Date
}

/** Whether an item is from before an erasure. Meta's times have whole seconds: of the same second, the arrival decides. */
export function isBeforeErasure({ at, receivedAt }: ItemTimes, erasedAt: Date): boolean {
  const [second, ofErasure] = [secondOf(at), secondOf(erasedAt)]
  return second === ofErasure ? receivedAt <= erasedAt : second < ofErasure
}

const secondOf = (at: Date) => Math.floor(at.getTime() / 1000)

const MINUTE_MS = 60_000
const DAY_MS = 24 * 60 * MINUTE_MS

/**
 * Times after an erasure at which everything is looked through again. The first is longer than any request, call or batch that
 * was under way at the erasure; the last is longer than Meta repeats a webhook (7 days), than a webhook event is kept, and than
 * an outage that a spool bridges.
 */
const CHECKS_MS: readonly number[] = [2 * MINUTE_MS, DAY_MS, 31 * DAY_MS]

/** Time of the next check of an erasure; null after the last one. @param checks how many there were */
export function nextErasureCheck(erasedAt: Date, checks: number): Date | null {
  const afterMs = CHECKS_MS[checks]
  return afterMs === undefined ? null : new Date(erasedAt.getTime() + afterMs)
}

import { BoundedMap } from '../world/bounded.ts'

/** How far a number may be ahead of its rate: more than an evenly paced client needs, less than a burst. */
const THROUGHPUT_SLACK_MS = 300
/** Meta allows one message per 6 s to one person, with a burst of up to 45. */
export const PAIR_INTERVAL_MS = 6000
export const PAIR_BURST = 45
/** Tolerance for the client's own clock: a send that waited exactly long enough could otherwise arrive slightly early. */
const PAIR_SLACK_MS = 500

export type Limits = ReturnType<typeof createLimits>

/** Throughput and pair limit as leaky buckets. A refused message does not count. */
export function createLimits() {
  const numberBusyUntil = new Map<string, number>()
  const pairBusyUntil = new BoundedMap<string, number>(500_000)

  return {
    /** @param perSecond the number's throughput */
    throughputIsFree: (phoneNumberId: string, perSecond: number, now: number) =>
      busyUntilAfter(numberBusyUntil, phoneNumberId, 1000 / perSecond, now) - now <= THROUGHPUT_SLACK_MS + 8000 / perSecond,
    pairIsFree: (pair: string, now: number) =>
      busyUntilAfter(pairBusyUntil, pair, PAIR_INTERVAL_MS, now) - now <= PAIR_BURST * PAIR_INTERVAL_MS + PAIR_SLACK_MS,
    /** Counts an accepted message. */
    charge(phoneNumberId: string, perSecond: number, pair: string, now: number): void {
      numberBusyUntil.set(phoneNumberId, busyUntilAfter(numberBusyUntil, phoneNumberId, 1000 / perSecond, now))
      pairBusyUntil.set(pair, busyUntilAfter(pairBusyUntil, pair, PAIR_INTERVAL_MS, now))
    },
    clear(): void {
      numberBusyUntil.clear()
      pairBusyUntil.clear()
    },
  }
}

/** Time at which the bucket would be empty again after one more message. */
const busyUntilAfter = (buckets: Map<string, number>, key: string, costMs: number, now: number) =>
  Math.max(buckets.get(key) ?? 0, now) + costMs

import { BoundedMap } from '../world/ring.ts'

/** A number may run ahead of its rate by this long; more than any evenly spaced client needs, less than a burst. */
const THROUGHPUT_SLACK_MS = 300
/** Meta: one message per 6 s to one person, and up to 45 borrowed from the future. */
export const PAIR_INTERVAL_MS = 6000
export const PAIR_BURST = 45
/** Clients count on their own clock: without this a send that waited exactly long enough could come a moment early. */
const PAIR_SLACK_MS = 500

export type Limits = ReturnType<typeof createLimits>

/** Throughput and pair limit, each a debt that time pays back. A refused message adds no debt. */
export function createLimits() {
  const numberDebt = new Map<string, number>()
  const pairDebt = new BoundedMap<string, number>(500_000)

  return {
    /** @param perSecond the number's throughput. */
    throughputIsFree: (phoneNumberId: string, perSecond: number, now: number) =>
      debtAfter(numberDebt, phoneNumberId, 1000 / perSecond, now) - now <= THROUGHPUT_SLACK_MS + 8000 / perSecond,
    pairIsFree: (pair: string, now: number) =>
      debtAfter(pairDebt, pair, PAIR_INTERVAL_MS, now) - now <= PAIR_BURST * PAIR_INTERVAL_MS + PAIR_SLACK_MS,
    /** Counts an accepted message. */
    charge(phoneNumberId: string, perSecond: number, pair: string, now: number): void {
      numberDebt.set(phoneNumberId, debtAfter(numberDebt, phoneNumberId, 1000 / perSecond, now))
      pairDebt.set(pair, debtAfter(pairDebt, pair, PAIR_INTERVAL_MS, now))
    },
    clear(): void {
      numberDebt.clear()
      pairDebt.clear()
    },
  }
}

/** Until when the debt would last with one more message. */
const debtAfter = (debts: Map<string, number>, key: string, costMs: number, now: number) =>
  Math.max(debts.get(key) ?? 0, now) + costMs

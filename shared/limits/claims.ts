import type { Priority } from '../domain/messages/priority.ts'

/** One message that wants to go out now. */
export interface SendClaim {
  phoneNumberId: string
  /** Messages a second that Meta allows the number. */
  ratePerSecond: number
  /** waId or business-scoped user id: with the number, the pair. null: only the number's rate is asked, the rest was granted. */
  contactKey: string | null
  tenantId: string
  wabaId: string
  priority: Priority
  /** Limits that the tenant set itself; null for none. */
  perMinute: number | null
  perDay: number | null
  /** The number is busy: its place lies at least so far ahead, that the message is in hand by then, and without a burst. */
  leadMs: number
  /** Counts against the portfolio's messaging limit if it goes to somebody who has not been written to for 24 h; null: does not. */
  initiates: { portfolioId: string; limit: number } | null
}

/** `messaging`: people of the portfolio written to first in the last 24 h. */
export type LimitName = 'hold' | 'tenant' | 'messaging' | 'number' | 'pair'

/**
 * Granted: the call may be made in `waitMs`, which is at most what was asked for. Refused: nothing is used up; asking again
 * makes sense in `waitMs`, which for several refused by the same limit at once lies one slot apart.
 */
export type Decision = { granted: true; waitMs: number } | { granted: false; waitMs: number; limit: LimitName }

/** Everything with this key waits. `pair` is `<phoneNumberId>:<contactKey>`; `campaign` holds campaigns of a number only. */
export type HoldScope = 'app' | 'waba' | 'number' | 'campaign' | 'pair'

/**
 * How many may leave a number at once before they are spaced evenly. Meta bears some more: that is left for calls that come
 * a little behind their place.
 */
export const NUMBER_BURST = 2
/** Meta's pair limit: one in 6 s, up to 45 borrowed from the future. */
export const PAIR_INTERVAL_MS = 6000
export const PAIR_BURST = 45
/** A campaign's message is granted no place further ahead than this, so that a reply always finds one before it. */
export const CAMPAIGN_WAIT_MS = 200
export const DAY_MS = 86_400_000

/** Meta said that a number is too fast: the part of its rate that it keeps, and since when. */
export interface Slow {
  factor: number
  at: number
}
/** Each word of Meta's halves what is left, at most once a second: calls in flight are refused together. */
export const SLOW_FACTOR = 0.5
export const SLOWEST = 0.05
export const SLOW_PAUSE_MS = 1000
/** So long it stays at what is left. */
export const SLOW_QUIET_MS = 60_000
/** Then the way back to the full rate, evenly. */
export const RECOVERY_MS = 300_000

/** The part of its rate that a number may use now. */
export function rateFactor(slow: Slow | undefined, now: number): number {
  if (slow === undefined) return 1
  const recovered = Math.max(0, now - slow.at - SLOW_QUIET_MS) / RECOVERY_MS
  return slow.factor + (1 - slow.factor) * Math.min(1, recovered)
}

export function slower(slow: Slow | undefined, now: number): Slow {
  if (slow !== undefined && now - slow.at < SLOW_PAUSE_MS) return slow
  return { factor: Math.max(SLOWEST, rateFactor(slow, now) * SLOW_FACTOR), at: now }
}

/** Cheapest refusal first; all of them must agree before any is used up. */
export const LIMIT_NAMES = ['hold', 'tenant', 'tenant', 'messaging', 'number', 'pair'] as const satisfies LimitName[]
export const pairKey = (phoneNumberId: string, contactKey: string) => `${phoneNumberId}:${contactKey}`

import type { Lane } from '../domain/callback-data.ts'

/** One message that wants to go out now. */
export interface SendClaim {
  phoneNumberId: string
  /** Messages a second that Meta allows the number. */
  ratePerSecond: number
  /** waId or business-scoped user id: with the number, the pair. */
  contactKey: string
  tenantId: string
  wabaId: string
  lane: Lane
  /** Limits that the tenant set itself; null for none. */
  perMinute: number | null
  perDay: number | null
}

export type LimitName = 'hold' | 'tenant' | 'number' | 'pair'

/**
 * Granted: the call may be made in `waitMs`, which is at most what was asked for. Refused: nothing is used up; asking again
 * makes sense in `waitMs`, which for several refused by the same limit at once lies one slot apart.
 */
export type Decision = { granted: true; waitMs: number } | { granted: false; waitMs: number; limit: LimitName }

/** Everything with this key waits. `pair` is `<phoneNumberId>:<contactKey>`; `bulk` holds campaigns of a number only. */
export type HoldScope = 'app' | 'waba' | 'number' | 'bulk' | 'pair'

/** The number's own burst: how many may leave at once before they are spaced evenly. */
export const NUMBER_BURST = 8
/** Meta's pair limit: one in 6 s, up to 45 borrowed from the future. */
export const PAIR_INTERVAL_MS = 6000
export const PAIR_BURST = 45
/** After Meta said that a number is too fast. */
export const SLOW_MS = 30_000
export const SLOW_FACTOR = 0.5

/** Cheapest refusal first; all of them must agree before any is used up. */
export const LIMIT_NAMES = ['hold', 'tenant', 'tenant', 'number', 'pair'] as const satisfies LimitName[]
export const pairKey = (phoneNumberId: string, contactKey: string) => `${phoneNumberId}:${contactKey}`

import type { Priority } from '../domain/messages/priority.ts'

/** Request to send one message now. */
export interface SendClaim {
  phoneNumberId: string
  /** Messages a second that Meta allows the number. */
  ratePerSecond: number
  /** waId or business-scoped user id, the pair together with the number. null: only the number's rate is taken. */
  contactKey: string | null
  tenantId: string
  wabaId: string
  priority: Priority
  /** The tenant's own limits; null for none. */
  perMinute: number | null
  perDay: number | null
  /** Shortest lead time of the send slot on a busy number, without a burst, so that the message is loaded by then. */
  leadMs: number
  /** Messaging limit to count against, for a recipient who was not written to first within 24 h; null: not counted. */
  initiates: { portfolioId: string; limit: number } | null
}

/** Names of the limits. `messaging`: people whom the portfolio wrote to first in the last 24 h. */
export type LimitName = 'hold' | 'tenant' | 'messaging' | 'number' | 'pair'

/**
 * Granted: the call may be made in `waitMs`, which is at most the requested wait. Refused: nothing is used up; ask again in
 * `waitMs`, which is one slot apart for several claims that the same limit refuses at once.
 */
export type Decision = { granted: true; waitMs: number } | { granted: false; waitMs: number; limit: LimitName }

/** Scope of a hold. The key of `pair` is `<phoneNumberId>:<contactKey>`; `campaign` holds only campaigns of a number. */
export type HoldScope = 'app' | 'waba' | 'number' | 'campaign' | 'pair'

/**
 * Messages that a number may send at once before they are spaced evenly. Meta allows a few more, which are left for calls that
 * are a little late.
 */
export const NUMBER_BURST = 2
/** Meta's pair limit: one message in 6 s, with a burst of 45. */
export const PAIR_INTERVAL_MS = 6000
export const PAIR_BURST = 45
/** Longest lead time of a campaign's send slot, so that a reply always finds an earlier one. */
export const CAMPAIGN_WAIT_MS = 200
export const DAY_MS = 86_400_000

/** Slowdown of a number after Meta refused it for its rate: the remaining share of the rate, and since when. */
export interface Slow {
  factor: number
  at: number
}
/** Each refusal halves the share, at most once a second, because calls in flight are refused together. */
export const SLOW_FACTOR = 0.5
export const SLOWEST = 0.05
export const SLOW_PAUSE_MS = 1000
/** Time for which the share stays reduced. */
export const SLOW_QUIET_MS = 60_000
/** Time in which the share then grows evenly back to 1. */
export const RECOVERY_MS = 300_000

/** Share of its rate that a number may use now. */
export function rateFactor(slow: Slow | undefined, now: number): number {
  if (slow === undefined) return 1
  const recovered = Math.max(0, now - slow.at - SLOW_QUIET_MS) / RECOVERY_MS
  return slow.factor + (1 - slow.factor) * Math.min(1, recovered)
}

export function slower(slow: Slow | undefined, now: number): Slow {
  if (slow !== undefined && now - slow.at < SLOW_PAUSE_MS) return slow
  return { factor: Math.max(SLOWEST, rateFactor(slow, now) * SLOW_FACTOR), at: now }
}

/** Limits in the order of checking, cheapest first; a claim uses up a limit only if all of them grant it. */
export const LIMIT_NAMES = ['hold', 'tenant', 'tenant', 'messaging', 'number', 'pair'] as const satisfies LimitName[]
export const pairKey = (phoneNumberId: string, contactKey: string) => `${phoneNumberId}:${contactKey}`

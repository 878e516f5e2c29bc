/** Restriction of a number to replies. */
interface Restricted {
  repliesOnly?: { until: Date | null } | null
}

/** Whether WhatsApp lets the number only reply now. @param now MongoDB's time */
export const mayOnlyReply = ({ repliesOnly }: Restricted, now: Date): boolean =>
  repliesOnly != null && (repliesOnly.until === null || repliesOnly.until > now)

const RECHECK_MS = 60_000

/** When messages held by the restriction are checked again: at its end, and every minute before, because it may end earlier. */
export function restrictedUntil({ repliesOnly }: Restricted, now: Date): Date {
  const soon = now.getTime() + RECHECK_MS
  return new Date(Math.min(soon, repliesOnly?.until?.getTime() ?? soon))
}

/** Present restrictions of a number. */
interface NumberRestrictions {
  repliesOnly?: { until: Date | null } | null
  campaignsHeldUntil?: Date | null
}

/** Kind of send: a campaign message, the first message to a person, or a reply within a conversation. */
export type SendKind = 'campaign' | 'first' | 'reply'

/** Why a number holds back a kind of send now, and when to check again; null: it may be sent. @param now MongoDB's time */
export function holdOf(
  number: NumberRestrictions,
  kind: SendKind,
  now: Date,
): { reason: 'restricted' | 'rate'; until: Date } | null {
  if (kind !== 'reply' && mayOnlyReply(number, now)) return { reason: 'restricted', until: restrictedUntil(number, now) }
  const { campaignsHeldUntil } = number
  if (kind !== 'campaign' || !campaignsHeldUntil || campaignsHeldUntil <= now) return null
  return { reason: 'rate', until: campaignsHeldUntil }
}

/** Portfolio whose messaging limit a number counts against; the business account while the portfolio is not known. */
export const portfolioOf = ({ portfolioId, wabaId }: { portfolioId: string | null; wabaId: string }): string =>
  portfolioId ?? wabaId

/** Messages a second that a number may send: Meta's throughput, or the tenant's own lower limit. */
export const ratePerSecond = ({ throughput, maxPerSecond }: { throughput: number; maxPerSecond?: number | null }): number =>
  Math.min(throughput, maxPerSecond ?? throughput)

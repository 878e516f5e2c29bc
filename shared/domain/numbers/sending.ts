/** A number that WhatsApp lets answer but not write first. */
interface Restricted {
  repliesOnly?: { until: Date | null } | null
}

/** Whether it may only answer now. @param now MongoDB's time */
export const mayOnlyReply = ({ repliesOnly }: Restricted, now: Date): boolean =>
  repliesOnly != null && (repliesOnly.until === null || repliesOnly.until > now)

const RECHECK_MS = 60_000

/** When what may not go yet is looked at again: at the end, and now and then before, for it may end sooner. */
export function restrictedUntil({ repliesOnly }: Restricted, now: Date): Date {
  const soon = now.getTime() + RECHECK_MS
  return new Date(Math.min(soon, repliesOnly?.until?.getTime() ?? soon))
}

/** What WhatsApp lets a number do. */
interface Hindered {
  repliesOnly?: { until: Date | null } | null
  campaignsHeldUntil?: Date | null
}

/** Of a campaign, the first word to somebody, or within a conversation. */
export type Sending = 'campaign' | 'first' | 'reply'

/** What the number holds back now, why, and when to look again; null: it may go. @param now MongoDB's time */
export function holdOf(number: Hindered, sending: Sending, now: Date): { reason: 'restricted' | 'rate'; until: Date } | null {
  if (sending !== 'reply' && mayOnlyReply(number, now)) return { reason: 'restricted', until: restrictedUntil(number, now) }
  const { campaignsHeldUntil } = number
  if (sending !== 'campaign' || !campaignsHeldUntil || campaignsHeldUntil <= now) return null
  return { reason: 'rate', until: campaignsHeldUntil }
}

/** Whose messaging limit a number counts against: its portfolio's, or its account's while that is not known. */
export const portfolioOf = ({ portfolioId, wabaId }: { portfolioId: string | null; wabaId: string }): string =>
  portfolioId ?? wabaId

/** Messages a second that a number may send: what Meta allows it, or less if its people want it slower. */
export const ratePerSecond = ({ throughput, maxPerSecond }: { throughput: number; maxPerSecond?: number | null }): number =>
  Math.min(throughput, maxPerSecond ?? throughput)

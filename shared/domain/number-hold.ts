import { mayOnlyReply, restrictedUntil } from './replies-only.ts'

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

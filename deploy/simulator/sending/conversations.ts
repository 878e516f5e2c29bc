import type { BoundedMap } from '../world/bounded.ts'
import type { Conversation } from '../world/world.ts'

export const WINDOW_MS = 24 * 3_600_000
const FREE_ENTRY_MS = 72 * 3_600_000

/** Types that a person does not send by hand, or that change an earlier message: they open no window. */
const OPENS_NO_WINDOW = new Set(['system', 'edit', 'revoke'])

export const conversationKey = (phoneNumberId: string, person: string) => `${phoneNumberId}:${person}`

/** Opens the customer service window for 24 h after an inbound message. A click on an ad is kept until the business replies. */
export function openServiceWindow(
  conversations: BoundedMap<string, Conversation>,
  key: string,
  message: { type: string; at: number; fromAd: boolean },
): void {
  if (OPENS_NO_WINDOW.has(message.type)) return
  const current = conversations.get(key) ?? { windowUntil: 0, lastInboundAt: 0, adClickAt: null, freeEntryUntil: 0 }
  conversations.set(key, {
    ...current,
    windowUntil: Math.max(current.windowUntil, message.at + WINDOW_MS),
    lastInboundAt: Math.max(current.lastInboundAt, message.at),
    adClickAt: message.fromAd ? message.at : current.adClickAt,
  })
}

/** Opens the free entry point for 72 h when the business replies to an ad click for the first time and within 24 h. */
export function openFreeEntry(conversation: Conversation | undefined, now: number): void {
  if (!conversation || conversation.adClickAt === null) return
  if (now - conversation.adClickAt <= WINDOW_MS) conversation.freeEntryUntil = now + FREE_ENTRY_MS
  conversation.adClickAt = null
}

export const windowIsOpen = (conversation: Conversation | undefined, now: number) =>
  conversation !== undefined && conversation.windowUntil > now
export const isFreeEntry = (conversation: Conversation | undefined, now: number) =>
  conversation !== undefined && conversation.freeEntryUntil > now

export interface Pricing {
  billable: boolean
  pricing_model: 'PMP'
  type: 'regular' | 'free_customer_service' | 'free_entry_point'
  category: string
  /** For a template with a max price only. */
  cost?: { amount: number; currency: string }
}

/** When Meta began to bill replies, and utility templates in an open window. */
export const REPLIES_BILLED_SINCE = Date.UTC(2026, 9, 1)
/** Replies that are free for each number in each month. */
export const FREE_REPLIES = 1000

/**
 * Per-message pricing: a message is billed by its category, and nothing is billed in a free entry point. Before October 2026 replies
 * and utility templates in an open window were free as well.
 * @param category of the template, lower case; null for any other message @param isAllowance whether this reply is marked as one
 * of the free ones of its month
 */
export function pricingOf(
  category: string | null,
  conversation: Conversation | undefined,
  now: number,
  isAllowance = false,
): Pricing {
  const free = { billable: false, pricing_model: 'PMP' } as const
  const named = category ?? 'service'
  if (isFreeEntry(conversation, now)) return { ...free, type: 'free_entry_point', category: 'referral_conversion' }
  const isInWindow = category === null || (category === 'utility' && windowIsOpen(conversation, now))
  const isFree = (isInWindow && now < REPLIES_BILLED_SINCE) || (category === null && isAllowance)
  if (isFree) return { ...free, type: 'free_customer_service', category: named }
  return { billable: true, pricing_model: 'PMP', type: 'regular', category: named }
}

/** Counts a reply of a number in its month. @returns whether it is one of the free ones */
export function countReply(replies: BoundedMap<string, number>, phoneNumberId: string, now: number): boolean {
  const key = `${phoneNumberId}:${new Date(now).toISOString().slice(0, 7)}`
  const count = (replies.get(key) ?? 0) + 1
  replies.set(key, count)
  return count <= FREE_REPLIES
}

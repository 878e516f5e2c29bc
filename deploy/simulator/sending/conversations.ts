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
}

/**
 * Per-message pricing: a template is billed by its category, but a utility template is free in an open window, and everything
 * is free in a free entry point. @param category of the template, lower case; null for any other message.
 */
export function pricingOf(category: string | null, conversation: Conversation | undefined, now: number): Pricing {
  const free = { billable: false, pricing_model: 'PMP' } as const
  if (isFreeEntry(conversation, now)) return { ...free, type: 'free_entry_point', category: 'referral_conversion' }
  if (category === null) return { ...free, type: 'free_customer_service', category: 'service' }
  if (category === 'utility' && windowIsOpen(conversation, now)) return { ...free, type: 'free_customer_service', category }
  return { billable: true, pricing_model: 'PMP', type: 'regular', category }
}

import type { BoundedMap } from '../world/ring.ts'
import type { Thread } from '../world/world.ts'

export const WINDOW_MS = 24 * 3_600_000
const FREE_ENTRY_MS = 72 * 3_600_000

/** Types that a person does not send by hand, or that change something already sent: they open no window. */
const OPENS_NO_WINDOW = new Set(['system', 'edit', 'revoke'])

export const threadKey = (phoneNumberId: string, person: string) => `${phoneNumberId}:${person}`

/** What an inbound message does: 24 h for free-form messages, and after an ad a second clock that only a reply starts. */
export function hearInbound(
  threads: BoundedMap<string, Thread>,
  key: string,
  message: { type: string; at: number; fromAd: boolean },
): void {
  if (OPENS_NO_WINDOW.has(message.type)) return
  const thread = threads.get(key) ?? { windowUntil: 0, lastInboundAt: 0, adClickAt: null, freeEntryUntil: 0 }
  threads.set(key, {
    ...thread,
    windowUntil: Math.max(thread.windowUntil, message.at + WINDOW_MS),
    lastInboundAt: Math.max(thread.lastInboundAt, message.at),
    adClickAt: message.fromAd ? message.at : thread.adClickAt,
  })
}

/** The business's first answer within 24 h of an ad click opens the free entry point, 72 h from that answer. */
export function hearAnswer(thread: Thread | undefined, now: number): void {
  if (!thread || thread.adClickAt === null) return
  if (now - thread.adClickAt <= WINDOW_MS) thread.freeEntryUntil = now + FREE_ENTRY_MS
  thread.adClickAt = null
}

export const windowIsOpen = (thread: Thread | undefined, now: number) => thread !== undefined && thread.windowUntil > now
export const isFreeEntry = (thread: Thread | undefined, now: number) => thread !== undefined && thread.freeEntryUntil > now

export interface Pricing {
  billable: boolean
  pricing_model: 'PMP'
  type: 'regular' | 'free_customer_service' | 'free_entry_point'
  category: string
}

/**
 * Per-message pricing: a template is billed by its category, but a utility one is free in an open window, and everything
 * is free in a free entry point. @param category of the template, lower case; null for any other message.
 */
export function pricingOf(category: string | null, thread: Thread | undefined, now: number): Pricing {
  const free = { billable: false, pricing_model: 'PMP' } as const
  if (isFreeEntry(thread, now)) return { ...free, type: 'free_entry_point', category: 'referral_conversion' }
  if (category === null) return { ...free, type: 'free_customer_service', category: 'service' }
  if (category === 'utility' && windowIsOpen(thread, now)) return { ...free, type: 'free_customer_service', category }
  return { billable: true, pricing_model: 'PMP', type: 'regular', category }
}

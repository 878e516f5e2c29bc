import { expect, test } from 'vitest'
import { BoundedMap } from '../world/bounded.ts'
import type { Conversation } from '../world/world.ts'
import {
  countReply,
  FREE_REPLIES,
  isFreeEntry,
  openFreeEntry,
  openServiceWindow,
  pricingOf,
  REPLIES_BILLED_SINCE,
  windowIsOpen,
} from './conversations.ts'

const HOUR = 3_600_000
const conversationAfter = (...messages: { type?: string; at: number; fromAd?: boolean }[]) => {
  const conversations = new BoundedMap<string, Conversation>(10)
  for (const message of messages) openServiceWindow(conversations, 'k', { type: 'text', fromAd: false, ...message })
  return conversations.get('k')
}

test('a message opens the window for 24 h, a later one renews it, an older one changes nothing', () => {
  const conversation = conversationAfter({ at: 10 * HOUR }, { at: 2 * HOUR })
  expect(windowIsOpen(conversation, 33.9 * HOUR)).toBe(true)
  expect(windowIsOpen(conversation, 34 * HOUR)).toBe(false)
})

test('system messages, edits and revokes open no window', () => {
  expect(conversationAfter({ type: 'system', at: 0 }, { type: 'edit', at: 0 }, { type: 'revoke', at: 0 })).toBeUndefined()
})

test('an ad opens the usual window; the free entry point starts with the reply and lasts 72 h', () => {
  const conversation = conversationAfter({ at: 0, fromAd: true })
  expect(isFreeEntry(conversation, HOUR)).toBe(false)
  openFreeEntry(conversation, 5 * HOUR)
  expect(isFreeEntry(conversation, 76 * HOUR)).toBe(true)
  expect(isFreeEntry(conversation, 77 * HOUR)).toBe(false)
  expect(windowIsOpen(conversation, 25 * HOUR)).toBe(false)
})

test('a reply after 24 h opens no free entry point', () => {
  const conversation = conversationAfter({ at: 0, fromAd: true })
  openFreeEntry(conversation, 25 * HOUR)
  expect(isFreeEntry(conversation, 26 * HOUR)).toBe(false)
})

test.for<[string | null, number, string, string, boolean]>([
  [null, 1, 'free_customer_service', 'service', false],
  ['utility', 1, 'free_customer_service', 'utility', false],
  ['utility', 25, 'regular', 'utility', true],
  ['marketing', 1, 'regular', 'marketing', true],
  ['authentication', 1, 'regular', 'authentication', true],
])('until September 2026 %s after %d h is priced %s', ([category, hours, type, priced, billable]) => {
  expect(pricingOf(category, conversationAfter({ at: 0 }), hours * HOUR)).toEqual({
    billable,
    pricing_model: 'PMP',
    type,
    category: priced,
  })
})

test.for<[string | null, boolean, string, string]>([
  [null, false, 'regular', 'service'],
  [null, true, 'free_customer_service', 'service'],
  ['utility', false, 'regular', 'utility'],
  ['utility', true, 'regular', 'utility'],
  ['marketing', false, 'regular', 'marketing'],
])(
  'since October 2026 %s in the window is billed; only the allowance (%s) frees a reply',
  ([category, isAllowance, type, priced]) => {
    const conversation = conversationAfter({ at: REPLIES_BILLED_SINCE - HOUR })
    const pricing = pricingOf(category, conversation, REPLIES_BILLED_SINCE, isAllowance)
    expect(pricing).toMatchObject({ type, category: priced, billable: type === 'regular' })
  },
)

test('the first thousand replies of each number and month are free', () => {
  const replies = new BoundedMap<string, number>(10)
  const free = (number: string, at: number) => countReply(replies, number, at)
  const first = Array.from({ length: FREE_REPLIES + 1 }, () => free('1', REPLIES_BILLED_SINCE))
  expect(first.filter(Boolean)).toHaveLength(FREE_REPLIES)
  expect([free('2', REPLIES_BILLED_SINCE), free('1', REPLIES_BILLED_SINCE + 31 * 24 * HOUR)]).toEqual([true, true])
})

test('everything is free in a free entry point', () => {
  const conversation = conversationAfter({ at: 0, fromAd: true })
  openFreeEntry(conversation, HOUR)
  expect(pricingOf('marketing', conversation, 30 * HOUR)).toMatchObject({
    billable: false,
    type: 'free_entry_point',
    category: 'referral_conversion',
  })
})

import { expect, test } from 'vitest'
import { BoundedMap } from '../world/ring.ts'
import type { Thread } from '../world/world.ts'
import { hearAnswer, hearInbound, isFreeEntry, pricingOf, windowIsOpen } from './threads.ts'

const HOUR = 3_600_000
const hear = (...messages: { type?: string; at: number; fromAd?: boolean }[]) => {
  const threads = new BoundedMap<string, Thread>(10)
  for (const message of messages) hearInbound(threads, 'k', { type: 'text', fromAd: false, ...message })
  return threads.get('k')
}

test('a message opens the window for 24 h, a later one renews it, an older one changes nothing', () => {
  const thread = hear({ at: 10 * HOUR }, { at: 2 * HOUR })
  expect(windowIsOpen(thread, 33.9 * HOUR)).toBe(true)
  expect(windowIsOpen(thread, 34 * HOUR)).toBe(false)
})

test('system messages, edits and revokes open no window', () => {
  expect(hear({ type: 'system', at: 0 }, { type: 'edit', at: 0 }, { type: 'revoke', at: 0 })).toBeUndefined()
})

test('an ad opens the usual window; the free entry point starts with the answer and lasts 72 h from there', () => {
  const thread = hear({ at: 0, fromAd: true })
  expect(isFreeEntry(thread, HOUR)).toBe(false)
  hearAnswer(thread, 5 * HOUR)
  expect(isFreeEntry(thread, 76 * HOUR)).toBe(true)
  expect(isFreeEntry(thread, 77 * HOUR)).toBe(false)
  expect(windowIsOpen(thread, 25 * HOUR)).toBe(false)
})

test('an answer after 24 h opens no free entry point', () => {
  const thread = hear({ at: 0, fromAd: true })
  hearAnswer(thread, 25 * HOUR)
  expect(isFreeEntry(thread, 26 * HOUR)).toBe(false)
})

test.for<[string | null, number, string, string, boolean]>([
  [null, 1, 'free_customer_service', 'service', false],
  ['utility', 1, 'free_customer_service', 'utility', false],
  ['utility', 25, 'regular', 'utility', true],
  ['marketing', 1, 'regular', 'marketing', true],
  ['authentication', 1, 'regular', 'authentication', true],
])('%s after %d h is priced %s', ([category, hours, type, priced, billable]) => {
  expect(pricingOf(category, hear({ at: 0 }), hours * HOUR)).toEqual({ billable, pricing_model: 'PMP', type, category: priced })
})

test('everything is free in a free entry point', () => {
  const thread = hear({ at: 0, fromAd: true })
  hearAnswer(thread, HOUR)
  expect(pricingOf('marketing', thread, 30 * HOUR)).toMatchObject({
    billable: false,
    type: 'free_entry_point',
    category: 'referral_conversion',
  })
})

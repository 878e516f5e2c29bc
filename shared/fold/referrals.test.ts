import { expect, test } from 'vitest'
import { createMemoryWorld } from '#test/support/worlds/memory.ts'
import { itemsOf, textFrom } from '#test/support/worlds/webhooks.ts'
import type { WebhookItem } from '../meta/webhook.ts'

const SALMA = { from: '212661000101', from_user_id: 'MA.1' }
/** A message at a second, from an ad unless that is null. */
const write = (id: string, second: number, ad: string | null): WebhookItem[] => {
  const referral = ad && { source_type: 'ad', source_id: ad, headline: `About ${ad}`, ctwa_clid: `click-${ad}`, body: 'x' }
  return itemsOf('messages', { messages: [{ ...textFrom(SALMA, id, second), ...(referral && { referral }) }] })
}

const MESSAGES = [write('wamid.1', 1, 'ad-1'), write('wamid.2', 2, null), write('wamid.3', 3, 'ad-3'), write('wamid.4', 4, null)]
const ORDERS = [
  [0, 1, 2, 3],
  [3, 2, 1, 0],
  [2, 3, 0, 1],
  [1, 0, 0, 2, 2, 3],
]

test.for(ORDERS.flatMap(order => [['one by one', order] as const, ['together', order] as const]))(
  '%s in the order %j the person keeps the first ad, and the conversation the latest',
  ([how, order]) => {
    const world = createMemoryWorld()
    const items = order.map(i => MESSAGES[i] as WebhookItem[])
    for (const batch of how === 'together' ? [items.flat()] : items) world.record(batch)
    const [contact] = world.rows.contacts
    const [conversation] = world.rows.conversations
    expect([contact?.firstReferral?.sourceId, conversation?.lastReferral?.sourceId]).toEqual(['ad-1', 'ad-3'])
    expect(conversation?.lastReferral).toMatchObject({ sourceType: 'ad', headline: 'About ad-3', ctwaClid: 'click-ad-3' })
  },
)

test('a lead that a message makes has the ad of its contact, and one without an ad has none', () => {
  const fromAd = createMemoryWorld()
  fromAd.record(write('wamid.1', 1, 'ad-1'))
  expect(fromAd.rows.leads).toMatchObject([{ referral: { sourceId: 'ad-1' } }])
  const without = createMemoryWorld()
  without.record(write('wamid.2', 2, null))
  expect(without.rows.leads.map(({ referral }) => referral)).toEqual([undefined])
  expect(without.rows.conversations.map(({ lastReferral }) => lastReferral)).toEqual([undefined])
})

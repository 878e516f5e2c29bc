import { Types } from 'mongoose'
import { expect, test } from 'vitest'
import { CLIENT_ID, createMemoryWorld, outbound, PHONE_NUMBER_ID } from '#test/support/worlds/memory.ts'
import { parseWebhook, type WebhookItem } from '../meta/webhook.ts'
import type { Dispatch, MessageDoc } from '../model/documents.ts'

const MESSAGE_ID = '0000000000000000000001aa'
const T0 = 1_795_165_200
const AT = new Date(T0 * 1000)

const messageOf = (fields: Partial<MessageDoc>) => outbound(AT, { _id: new Types.ObjectId(MESSAGE_ID), ...fields })
const dispatch = (state: Dispatch['state'], attempt: number) => ({ state, attempt, priority: 'chat' }) as Dispatch
const ours = (attempt: number) => ({ biz_opaque_callback_data: `1:c:${MESSAGE_ID}:${attempt}` })
const platformFailure = { code: null, title: '', detail: null, sentence: '', nextStep: '', source: 'platform' as const }

function status(name: string, second: number, more: object = {}): WebhookItem {
  const body = { id: 'wamid.A', status: name, timestamp: String(T0 + second), recipient_id: '212661000101', ...more }
  const value = { metadata: { phone_number_id: PHONE_NUMBER_ID }, statuses: [body] }
  const parsed = parseWebhook({ entry: [{ changes: [{ value }] }] }, new Date((T0 + 60) * 1000))
  return parsed[0] as WebhookItem
}

function after(message: MessageDoc, ...items: WebhookItem[]): MessageDoc {
  const world = createMemoryWorld([message])
  for (const item of items) world.record([item])
  return world.rows.messages[0] as MessageDoc
}

function permutations<T>(list: T[]): T[][] {
  if (list.length < 2) return [list]
  return list.flatMap((first, i) => permutations(list.toSpliced(i, 1)).map(rest => [first, ...rest]))
}

const FIVE = ['sent', 'delivered', 'read', 'played', 'failed']
test('[F30] the furthest of five reports wins in all 120 orders, and the timeline has each of them once', () => {
  const orders = permutations(FIVE)
  expect(orders).toHaveLength(120)
  for (const order of orders) {
    const message = after(messageOf({ wamid: 'wamid.A', status: 'SENT' }), ...order.map((name, i) => status(name, i)))
    expect([order, message.status, message.timeline.length]).toEqual([order, 'FAILED', 5])
  }
})

test.for<[string, Partial<MessageDoc>, WebhookItem, Partial<MessageDoc>]>([
  [
    'a status with our id settles an attempt whose outcome was unknown',
    { dispatch: dispatch('UNKNOWN', 1) },
    status('sent', 1, ours(1)),
    { status: 'SENT', wamid: 'wamid.A', dispatch: null },
  ],
  [
    "a status that outruns the answer to its own call settles the sender's take",
    { dispatch: dispatch('TAKEN', 1) },
    status('delivered', 1, ours(1)),
    { status: 'DELIVERED', wamid: 'wamid.A', dispatch: null },
  ],
  [
    "Meta's word replaces a failure that we had declared",
    { status: 'FAILED', error: platformFailure },
    status('sent', 1, ours(1)),
    { status: 'SENT', error: null },
  ],
  [
    "Meta's failure stands against everything that comes later",
    { wamid: 'wamid.A', status: 'FAILED', error: { ...platformFailure, source: 'meta' } },
    status('read', 1),
    { status: 'FAILED' },
  ],
  [
    'an earlier attempt that failed does not end a later one',
    { dispatch: dispatch('TAKEN', 2) },
    status('failed', 1, ours(1)),
    { status: 'QUEUED', dispatch: dispatch('TAKEN', 2) },
  ],
  [
    'the acceptance of an earlier attempt ends the wait for a later one',
    { dispatch: dispatch('WAITING', 2) },
    status('sent', 1, ours(1)),
    { status: 'SENT', dispatch: null },
  ],
  [
    'a report for the id of an attempt before a manual retry only joins the timeline',
    { wamid: 'wamid.B', status: 'SENT', previousIds: ['wamid.A'] },
    status('failed', 1, ours(1)),
    { status: 'SENT', wamid: 'wamid.B' },
  ],
])('%s', ([, before, item, expected]) => {
  expect(after(messageOf(before), item)).toMatchObject(expected)
})

test('a second acceptance under another id is noted as sent twice', () => {
  const message = after(
    messageOf({ wamid: 'wamid.B', status: 'SENT' }),
    status('sent', 1, ours(1)),
    status('delivered', 2, ours(1)),
  )
  expect(message.timeline.filter(({ kind }) => kind === 'note')).toMatchObject([
    { detail: expect.stringContaining('sent twice') },
  ])
})

test.for([
  [
    { type: 'free_customer_service', category: 'utility', billable: false },
    { amount: 0, category: 'utility', currency: 'MAD' },
  ],
  [
    { billable: false, category: 'service' },
    { amount: 0, category: 'service', currency: 'MAD' },
  ],
  [
    { type: 'regular', category: 'marketing', billable: true },
    { amount: 0.4, category: 'marketing', currency: 'MAD' },
  ],
])('pricing %j costs %j', ([pricing, cost]) => {
  const world = createMemoryWorld([messageOf({ wamid: 'wamid.A', status: 'SENT' })])
  const [tenant] = world.context.tenants.values()
  tenant?.settings.prices.push({ category: null, country: null, amount: 0.4 })
  world.record([status('delivered', 1, { pricing })])
  expect(world.rows.messages[0]?.cost).toEqual(cost)
})

test("a refusal keeps Meta's texts beside ours", () => {
  const errors = [{ code: 131_026, title: 'Message undeliverable', error_data: { details: 'Not on WhatsApp.' } }]
  const message = after(messageOf({ wamid: 'wamid.A', status: 'SENT' }), status('failed', 1, { errors }))
  expect(message.error).toMatchObject({
    code: 131_026,
    title: 'Message undeliverable',
    detail: 'Not on WhatsApp.',
    source: 'meta',
  })
  expect(message.error?.sentence).not.toBe('')
})

const reserve = {
  template: { id: new Types.ObjectId(), name: 'welcome', language: 'fr', category: 'UTILITY' as const },
  content: { text: 'Bonjour', media: null, template: { name: 'welcome', language: 'fr', variables: {} }, data: null },
  payload: { type: 'template' },
  cost: { amount: 0.4, currency: 'MAD', category: 'utility' },
  usedAt: null,
  because: null,
  instead: null,
  unsettled: null,
}
const refusedAsClosed = status('failed', 2, { errors: [{ code: 131047 }], ...ours(1) })
const again = status('failed', 3, { errors: [{ code: 131047 }], ...ours(1) })

test('a fallback template goes out once, in any order of the reports about the message itself', () => {
  for (const order of permutations([status('sent', 1, ours(1)), refusedAsClosed, again])) {
    const message = after(messageOf({ fallback: reserve, dispatch: dispatch('TAKEN', 1) }), ...order)
    expect(message).toMatchObject({ type: 'template', status: 'QUEUED', wamid: null, error: null, previousIds: ['wamid.A'] })
    expect(message.dispatch).toMatchObject({ state: 'WAITING', attempt: 1, token: null })
    expect(message.timeline.filter(({ reason }) => reason === 'fallback')).toHaveLength(1)
  }
})

test.for<[string, Partial<MessageDoc>, WebhookItem]>([
  ['it was used already', { fallback: { ...reserve, usedAt: AT } }, refusedAsClosed],
  ['the failure is another one', { fallback: reserve }, status('failed', 2, { errors: [{ code: 131026 }], ...ours(1) })],
  ['another attempt may still arrive', { fallback: { ...reserve, unsettled: 2 } }, refusedAsClosed],
  [
    'the platform has declared the message failed',
    { fallback: reserve, status: 'FAILED', error: platformFailure, wamid: null },
    refusedAsClosed,
  ],
])('a fallback template does not go out when %s', ([, fields, item]) => {
  const message = after(messageOf({ wamid: 'wamid.A', status: 'SENT', ...fields }), item)
  expect([message.status, message.type, message.dispatch]).toEqual(['FAILED', 'text', null])
})

const welcome = { text: 'hello', media: null, data: null, template: { name: 'welcome', language: 'fr', variables: {} } }
test.for<[string, Partial<MessageDoc>, string[], number]>([
  ['its outcome was unknown', { dispatch: dispatch('UNKNOWN', 1) }, ['sent', 'delivered'], 1],
  ['a report arrived before the answer to its call', { dispatch: dispatch('TAKEN', 1) }, ['delivered', 'sent'], 1],
  ['the platform had declared it failed', { status: 'FAILED', error: platformFailure }, ['sent', 'read'], 1],
  ['it was sent, and counted then', { status: 'SENT', wamid: 'wamid.A' }, ['delivered', 'read'], 0],
  ['it failed', {}, ['failed'], 0],
  ['it is no template', { content: { ...welcome, template: null } }, ['sent'], 0],
])('a template counts as used once, when a status makes it sent: %s', ([, fields, statuses, count]) => {
  const world = createMemoryWorld([messageOf({ content: welcome, ...fields })])
  const uses = statuses.flatMap((name, i) => world.record([status(name, i, ours(1))]).plan.templateUses)
  expect(uses).toHaveLength(count)
  for (const use of uses) expect(use).toMatchObject({ clientId: CLIENT_ID, name: 'welcome', language: 'fr' })
})

import { afterEach, beforeEach, expect, test } from 'vitest'
import { createSimulator, type Simulator } from '#deploy/simulator/simulator.ts'
import type { Json } from '#deploy/simulator/world/world.ts'
import { graph, idOf, PHONE, send, TOKEN, templateTo, textTo, WABA } from './testing/client.ts'
import { createReceiver, type Receiver } from './testing/receiver.ts'

const SALMA = '212661000101'
const STRANGER = '212661777888'
const STANDING = Date.parse('2026-01-05T10:00:00Z')
let receiver: Receiver
let simulator: Simulator

beforeEach(async () => {
  receiver = await createReceiver()
  simulator = await createSimulator({ webhookUrl: receiver.url })
  simulator.delivery({ sentMs: 1, deliveredMs: 2, readMs: 3 })
})
afterEach(async () => {
  await simulator.close()
  await receiver[Symbol.asyncDispose]()
})

const statusesOf = (id: string) => receiver.statuses().filter(status => status.id === id)

test('an accepted message becomes sent, delivered and read, with our callback data and its price once', async () => {
  const id = idOf(await send(simulator, textTo(SALMA, { biz_opaque_callback_data: '1:c:x:1' })))
  await simulator.idle()
  const statuses = statusesOf(id)
  expect(statuses.map(({ status }) => status).sort()).toEqual(['delivered', 'read', 'sent'])
  expect(statuses.every(status => status.biz_opaque_callback_data === '1:c:x:1' && status.recipient_id === SALMA)).toBe(true)
  expect(statuses.filter(({ pricing }) => pricing !== undefined)).toHaveLength(1)
  expect(statuses.some(({ conversation }) => conversation !== undefined)).toBe(false)
})

test('statuses carry the contact, failures do not', async () => {
  await send(simulator, textTo(SALMA))
  await send(simulator, textTo(STRANGER))
  await simulator.idle()
  const values = receiver.received.flatMap(({ values }) => values)
  for (const { contacts, statuses } of values) {
    const [status] = statuses as Json[]
    expect(contacts !== undefined).toBe(status?.status !== 'failed')
  }
})

test('free text to a closed window is accepted and fails with 131047; a template arrives', async () => {
  const failing = idOf(await send(simulator, textTo(STRANGER)))
  const arriving = idOf(await send(simulator, templateTo(STRANGER)))
  await simulator.idle()
  expect(statusesOf(failing)).toMatchObject([{ status: 'failed', errors: [{ code: 131047 }] }])
  expect(statusesOf(arriving)).toHaveLength(3)
})

test('a message from the person opens the window, the clock closes it', async () => {
  simulator.inbound({ phoneNumberId: PHONE, from: STRANGER, message: 'Bonjour' })
  const open = idOf(await send(simulator, textTo(STRANGER)))
  simulator.clock(24 * 3_600_000 + 1000)
  const closed = idOf(await send(simulator, textTo(STRANGER)))
  await simulator.idle()
  expect(statusesOf(open)).toHaveLength(3)
  expect(statusesOf(closed)).toMatchObject([{ errors: [{ code: 131047 }] }])
})

test.for<[string, number]>([
  ['+33639980000', 131026],
  ['+33639981026', 131026],
  ['+33639981049', 131049],
  ['+33639980472', 130472],
])('the number %s, reserved for fiction, fails with %d', async ([to, code]) => {
  const id = idOf(await send(simulator, templateTo(to)))
  await simulator.idle()
  expect(statusesOf(id)).toMatchObject([{ status: 'failed', errors: [{ code }] }])
})

test('a person may be set to fail, or stop marketing messages: utility templates still arrive', async () => {
  simulator.person({ waId: STRANGER, failsWith: 131026 })
  simulator.person({ waId: SALMA, optOut: true, phoneNumberId: PHONE })
  const offer = templateTo(SALMA, 'job_opportunity', 'fr', ['Salma', 'Comptable'])
  const ids = [
    await send(simulator, templateTo(STRANGER)),
    await send(simulator, offer),
    await send(simulator, templateTo(SALMA)),
  ].map(idOf)
  await simulator.idle()
  const codes = ids.map(id => ((statusesOf(id)[0]?.errors as Json[] | undefined)?.[0] as Json | undefined)?.code)
  expect(codes).toEqual([131026, 131050, undefined])
  expect(receiver.received.some(({ raw }) => raw.includes('"user_preferences"') && raw.includes('"value":"stop"'))).toBe(true)
})

test('a link that cannot be fetched fails later', async () => {
  const id = idOf(await send(simulator, { ...textTo(SALMA), type: 'image', image: { link: 'https://nowhere.invalid/a.jpg' } }))
  simulator.rules({ fetchLinks: true })
  const dead = { ...textTo(SALMA), type: 'image', image: { link: 'http://127.0.0.1:9/a.jpg' } }
  const other = idOf(await send(simulator, dead))
  await expect.poll(() => statusesOf(other)).toMatchObject([{ errors: [{ code: 131053 }] }])
  expect(statusesOf(id)).toMatchObject([{ errors: [{ code: 131053 }] }])
})

test('Brazilian and Mexican numbers become WhatsApp ids, and both forms share one window', async () => {
  const { body } = await send(simulator, templateTo('+5511987650001'))
  expect(body.contacts).toEqual([{ input: '+5511987650001', wa_id: '551187650001' }])
  simulator.inbound({ phoneNumberId: PHONE, from: '551187650001', message: 'Oi' })
  const id = idOf(await send(simulator, textTo('+5511987650001')))
  await simulator.idle()
  expect(statusesOf(id)).toHaveLength(3)
})

test('a person without a visible phone is reached by business-scoped id', async () => {
  simulator.inbound({
    phoneNumberId: PHONE,
    userId: 'MA.55120904417720036618',
    name: 'Nora',
    username: 'nora.codes',
    message: 'Salut',
  })
  const id = idOf(await send(simulator, { ...textTo(''), to: undefined, recipient: 'MA.55120904417720036618' }))
  await simulator.idle()
  expect(receiver.messages()[0]).not.toHaveProperty('from')
  expect(statusesOf(id)).toHaveLength(3)
  expect(
    statusesOf(id).every(status => !('recipient_id' in status) && status.recipient_user_id === 'MA.55120904417720036618'),
  ).toBe(true)
})

test('a reply to an ad click opens a free entry point, which the statuses show', async () => {
  simulator.inbound({
    phoneNumberId: PHONE,
    from: STRANGER,
    message: { text: { body: 'Je veux' }, referral: { source_type: 'ad', source_id: '1' } },
  })
  await send(simulator, textTo(STRANGER))
  const id = idOf(await send(simulator, templateTo(STRANGER, 'job_opportunity', 'fr', ['a', 'b'])))
  await simulator.idle()
  const priced = statusesOf(id).find(({ pricing }) => pricing !== undefined)
  expect(priced).toMatchObject({
    pricing: { type: 'free_entry_point' },
    conversation: { origin: { type: 'referral_conversion' } },
  })
})

test('webhooks up to version 23 carry the conversation', async () => {
  simulator.app({ webhookVersion: 23 })
  const id = idOf(await send(simulator, textTo(SALMA)))
  await simulator.idle()
  expect(statusesOf(id).find(({ pricing }) => pricing !== undefined)).toMatchObject({
    conversation: { origin: { type: 'service' } },
  })
})

test('too many sends get 130429, too many to one person 131056', async () => {
  // A clock that stands: however long the machine needs for them, the sends are of one moment.
  await using standing = await createSimulator({ now: () => STANDING })
  const flood = await Promise.all(
    Array.from({ length: 120 }, (_, i) => send(standing, textTo(`2126700${String(i).padStart(5, '0')}`))),
  )
  const refused = flood.filter(({ status }) => status === 400)
  expect(refused.length).toBeGreaterThan(20)
  expect(refused.every(({ body }) => body.error?.code === 130429)).toBe(true)
  standing.rules({ throughput: false })
  const pair = await Promise.all(Array.from({ length: 50 }, () => send(standing, textTo(SALMA))))
  expect(pair.filter(({ body }) => body.error?.code === 131056)).toHaveLength(5)
  expect(standing.messages({ to: SALMA }).count).toBe(45)
})

test('the order of checks: token, object, permission, number, account, body', async () => {
  const wrong = { messaging_product: 'whatsapp' }
  const code = async (path: string, token: string | null = TOKEN) =>
    (await graph(simulator, 'POST', path, wrong, token)).body.error?.code
  expect(await code('/1/messages', null)).toBe(190)
  expect(await code('/1/messages')).toBe(100)
  expect(await code('/2054543651068213/messages')).toBe(200)
  simulator.setNumber(PHONE, { state: 'unregistered' })
  simulator.setNumber(PHONE, { state: 'locked' })
  expect(await code(`/${PHONE}/messages`)).toBe(133010)
  simulator.setNumber(PHONE, { state: 'connected' })
  simulator.setNumber(PHONE, { state: 'locked' })
  expect(await code(`/${PHONE}/messages`)).toBe(131031)
  simulator.setWaba(WABA, { state: 'OK' })
  expect(await code(`/${PHONE}/messages`)).toBe(131008)
})

test('an account that may only reply still replies, by templates too', async () => {
  simulator.setNumber(PHONE, { state: 'replies_only' })
  expect((await send(simulator, templateTo(STRANGER))).body.error?.code).toBe(368)
  simulator.inbound({ phoneNumberId: PHONE, from: STRANGER, message: 'Bonjour' })
  expect((await send(simulator, templateTo(STRANGER))).status).toBe(200)
  expect((await send(simulator, textTo(STRANGER))).status).toBe(200)
  simulator.setNumber(PHONE, { state: 'connected' })
})

test('messages held by pacing are sent when released, and fail with 132015 when the template is paused', async () => {
  simulator.pacing('welcome', true)
  const first = await send(simulator, templateTo(SALMA))
  expect((first.body.messages as Json[])[0]).toMatchObject({ message_status: 'held_for_quality_assessment' })
  expect(simulator.pacing('welcome', false)).toEqual({ held: 1 })
  simulator.pacing('welcome', true)
  const second = idOf(await send(simulator, templateTo(SALMA)))
  simulator.review('welcome', { status: 'PAUSED' })
  await simulator.idle()
  expect(statusesOf(idOf(first))).toHaveLength(3)
  expect(statusesOf(second)).toMatchObject([{ errors: [{ code: 132015 }] }])
  expect((await send(simulator, templateTo(SALMA))).body.error?.code).toBe(132015)
})

test('only an inbound message can be marked as read', async () => {
  const { id } = simulator.inbound({ phoneNumberId: PHONE, from: SALMA, message: 'Bonjour' })
  const read = (message_id: string) =>
    send(simulator, { messaging_product: 'whatsapp', status: 'read', message_id, typing_indicator: { type: 'text' } })
  expect((await read(id)).body).toEqual({ success: true })
  expect(simulator.reads().data).toMatchObject([{ messageId: id, phoneNumberId: PHONE, typing: true }])
  const own = idOf(await send(simulator, textTo(SALMA)))
  expect((await read(own)).body.error?.code).toBe(131009)
})

test('parameters and token may come in a form or in the query', async () => {
  const form = new URLSearchParams({
    messaging_product: 'whatsapp',
    to: SALMA,
    type: 'text',
    text: '{"body":"x"}',
    access_token: TOKEN,
  })
  const answer = await fetch(`${simulator.url}/v21.0/${PHONE}/messages`, { method: 'POST', body: form })
  expect(answer.status).toBe(200)
  expect(simulator.messages({ to: SALMA }).data[0]?.body).toMatchObject({ text: { body: 'x' } })
})

test.for(['v20.0', 'v27.0', 'v25.1'])('version %s is a Graph error', async version => {
  const answer = await fetch(`${simulator.url}/${version}/${PHONE}?access_token=${TOKEN}`)
  expect(answer.status).toBe(400)
  expect(await answer.json()).toMatchObject({ error: { type: 'OAuthException' } })
})

test('failures, skipped `delivered` and shuffled statuses can be configured', async () => {
  simulator.delivery({ failRate: 1, failCode: 131049 })
  const failing = idOf(await send(simulator, textTo(SALMA)))
  simulator.delivery({ failRate: 0, skipDelivered: true, shuffle: true })
  const skipping = idOf(await send(simulator, textTo(SALMA)))
  simulator.delivery({ sentMs: null, deliveredMs: null, readMs: null })
  const silent = idOf(await send(simulator, textTo(SALMA)))
  await simulator.idle()
  expect(statusesOf(failing)).toMatchObject([{ errors: [{ code: 131049 }] }])
  expect(
    statusesOf(skipping)
      .map(({ status }) => status)
      .sort(),
  ).toEqual(['read', 'sent'])
  expect(statusesOf(silent)).toEqual([])
})

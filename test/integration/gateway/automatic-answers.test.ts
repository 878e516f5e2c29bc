import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { DEMO_TENANTS } from '#deploy/demo/world.ts'
import { createRecording, newPace } from '#services/ingest/recorder/recorder.ts'
import { answerByItself } from '#services/sender/background/answer-by-itself.ts'
import type { ClientDoc, ConversationDoc, Id, MessageDoc } from '#shared/model/documents.ts'
import { forgetClient } from '#shared/store/numbers/clients.ts'
import { webhookOf } from '#test/support/webhooks.ts'
import { createWorld } from '#test/support/world.ts'
import { deliveryOf } from '#test/support/worlds/fixtures.ts'
import { type Gateway, openGateway, PEOPLE, type Person } from '#test/support/worlds/gateway.ts'
import { log } from '#test/support/worlds/ingest.ts'
import { userByEmail } from '#test/support/worlds/realtime.ts'

const { phoneNumberId } = DEMO_TENANTS.demo
const DAY_MS = 86_400_000
const stack = new AsyncDisposableStack()
let gateway: Gateway
let tenantId: Id
let clientId: string
let record: ReturnType<typeof createRecording>
beforeAll(async () => {
  gateway = stack.use(await openGateway(stack.use(await createWorld())))
  tenantId = (await userByEmail(gateway.store, PEOPLE.agent)).tenantId
  clientId = String((await gateway.store.raw.clients.findOne({ phoneNumberId }))?._id)
  const { store, queue } = gateway
  const events = { publish: async () => undefined, settled: async () => undefined }
  record = createRecording({ store, queue, log, events, pace: newPace() })
})
afterAll(() => stack.disposeAsync())

const call = (method: string, path: string, body?: object, as: Person = 'admin') =>
  gateway.call(method, `/api/v1${path}`, { as, body })
const CLOSED = { intervals: [], holidays: [] }
const OPEN = { intervals: [1, 2, 3, 4, 5, 6, 7].map(day => ({ day, from: '00:00', to: '24:00' })), holidays: [] }

async function set(answers: object) {
  const put = await call('PUT', `/phone-numbers/${clientId}/automatic-answers`, answers)
  forgetClient(gateway.store, phoneNumberId)
  return put
}

let count = 0
type Write = { ago?: number; text?: string; echo?: boolean }
async function write(person: string, { ago = 0, text = 'hello', echo = false }: Write = {}): Promise<void> {
  const timestamp = String(Math.floor((Date.now() - ago) / 1000))
  const one = { from: person, id: `wamid.auto.${++count}`, timestamp, type: 'text', text: { body: text } }
  const list = echo ? { message_echoes: [{ ...one, from: '212600111222', to: person }] } : { messages: [one] }
  const value = { messaging_product: 'whatsapp', metadata: { phone_number_id: phoneNumberId }, ...list }
  await record([deliveryOf(webhookOf(value), new Date())])
}

const enqueued: MessageDoc[] = []
const answer = (aheadMs = 0) =>
  answerByItself(
    {
      store: gateway.store,
      publishing: {
        enqueue: rows => void enqueued.push(...rows),
        project: () => undefined,
        publish: async () => undefined,
        settled: async () => undefined,
      },
      clock: { now: () => new Date(Date.now() + aheadMs) } as never,
      log,
    },
    () => true,
  )
const conversationOf = async (person: string) =>
  (await gateway.store.raw.conversations.findOne({ tenantId, 'contact.waId': person })) as ConversationDoc
const answersTo = async (person: string) =>
  (await gateway.store.raw.messages.find({ tenantId, contactKey: person, origin: 'automatic' }).sort({ _id: 1 }).toArray()).map(
    ({ content }) => content.text,
  )

beforeEach(async () => {
  enqueued.length = 0
  await answer()
})

describe('[peers G] automatic answers', () => {
  test('greet a new conversation once, as a message that is sent and shown', async () => {
    await set({ greeting: 'Welcome', hours: OPEN })
    await write('212661860001')
    await write('212661860001')
    expect(await answer()).toBe(1)
    expect(enqueued).toHaveLength(1)
    expect(enqueued[0]).toMatchObject({ status: 'QUEUED', dispatch: { state: 'READY', priority: 'chat' }, origin: 'automatic' })
    await gateway.project()
    const conversation = await conversationOf('212661860001')
    expect([conversation.lastMessage?.text, conversation.waitingSince !== null]).toEqual(['Welcome', true])
    const { body } = await call('GET', `/messages/${conversation._id}`)
    expect(body.data.find(({ origin }: { origin: string }) => origin === 'automatic')).toMatchObject({ sentBy: null })
    await write('212661860001')
    await answer()
    expect(await answersTo('212661860001')).toEqual(['Welcome'])
  })

  test('say once in a closed period that nobody is there', async () => {
    await set({ greeting: 'Welcome', away: 'Closed', hours: CLOSED })
    await write('212661860002')
    await answer()
    await write('212661860002')
    await answer()
    expect(await answersTo('212661860002')).toEqual(['Closed'])
    // Two processes that answer at the same time.
    await write('212661860003')
    await Promise.all([answer(), answer()])
    expect(await answersTo('212661860003')).toEqual(['Closed'])
  })

  test('are never given to echoes, late messages, blocked and opted-out people', async () => {
    await set({ greeting: 'Welcome', away: 'Closed', hours: CLOSED })
    await write('212661860004', { echo: true })
    await write('212661860005', { ago: 20 * 60_000 })
    await write('212661860006', { text: 'STOP' })
    await gateway.store.raw.conversations.updateMany({ tenantId }, { $set: { automaticDue: null } })
    await set({ greeting: null, away: null })
    await write('212661860007')
    await set({ away: 'Closed', hours: CLOSED })
    const { contactId } = await conversationOf('212661860007')
    await call('POST', `/contacts/${contactId}/block`)
    await write('212661860007')
    for (const person of ['4', '5', '6', '7'].map(digit => `21266186000${digit}`)) {
      expect([person, (await conversationOf(person)).automaticDue ?? null]).toEqual([person, null])
      expect(await answersTo(person)).toEqual([])
    }
  })

  test('are not given once a person has answered, and not outside of the window', async () => {
    await set({ away: 'Closed', hours: CLOSED })
    await write('212661860008')
    const { _id } = await conversationOf('212661860008')
    await call('POST', '/messages/send', { conversationId: String(_id), text: 'I am here' }, 'agent')
    await answer()
    expect(await answersTo('212661860008')).toEqual([])
    await write('212661860009')
    await answer(25 * 3_600_000)
    expect(await answersTo('212661860009')).toEqual([])
    expect((await conversationOf('212661860009')).automaticDue).toBeNull()
  })

  test('show their price and stop at the cap of the month', async () => {
    await set({ away: 'Closed', hours: CLOSED, monthlyCap: 1 })
    const spending = { month: new Date().toISOString().slice(0, 7), count: 3, amount: 1.5 }
    await gateway.store.raw.clients.updateOne({ phoneNumberId }, { $set: { automaticSpending: spending } })
    await write('212661860010')
    await answer()
    expect(await answersTo('212661860010')).toEqual([])
    const shown = await call('GET', `/phone-numbers/${clientId}/automatic-answers`, undefined, 'agent')
    expect(shown.body).toMatchObject({ spent: spending, monthlyCap: 1, price: { currency: expect.any(String) } })
    await gateway.store.raw.clients.updateOne({ phoneNumberId }, { $set: { 'automaticSpending.month': '2020-01' } })
    await write('212661860010')
    await answer()
    expect(await answersTo('212661860010')).toEqual(['Closed'])
    const { automaticSpending } = (await gateway.store.raw.clients.findOne({ phoneNumberId })) as ClientDoc
    expect(automaticSpending).toMatchObject({ month: spending.month, count: 1 })
  })

  test('greet again when a conversation is opened again after a day', async () => {
    await set({ greeting: 'Welcome', hours: OPEN })
    await write('212661860011', { ago: 60_000 })
    await answer()
    const { _id } = await conversationOf('212661860011')
    const close = () => call('PUT', `/conversations/${_id}/status`, { status: 'closed' })
    await close()
    await write('212661860011', { ago: 30_000 })
    await answer()
    expect(await answersTo('212661860011')).toEqual(['Welcome'])
    await close()
    const greetedAt = new Date(Date.now() - DAY_MS - 60_000)
    await gateway.store.raw.conversations.updateOne({ _id }, { $set: { greetedAt } })
    await write('212661860011')
    await answer()
    expect(await answersTo('212661860011')).toEqual(['Welcome', 'Welcome'])
  })

  test('are settings of a number that admins write', async () => {
    const answers = {
      greeting: 'Welcome',
      away: null,
      hours: { intervals: [{ day: 1, from: '09:00', to: '18:00' }], holidays: ['2026-12-25'] },
    }
    const put = await set(answers)
    expect([put.status, put.body]).toEqual([200, expect.objectContaining({ ...answers, monthlyCap: null })])
    expect((await call('PUT', `/phone-numbers/${clientId}/automatic-answers`, {}, 'manager')).status).toBe(403)
    for (const interval of [
      { day: 8, from: '09:00', to: '10:00' },
      { day: 1, from: '10:00', to: '09:00' },
      { day: 1, from: '9', to: '10:00' },
    ])
      expect((await set({ hours: { intervals: [interval] } })).status).toBe(400)
    expect((await call('GET', `/phone-numbers/${clientId}/automatic-answers`, undefined, 'other')).status).toBe(404)
  })

  test('are changed one by one, and not over a change that the writer has not seen', async () => {
    const address = `/phone-numbers/${clientId}/automatic-answers`
    await set({ greeting: 'Welcome', away: 'Closed' })
    const patch = await call('PATCH', address, { away: 'Back soon', expected: { away: 'Closed' } })
    expect([patch.status, patch.body]).toEqual([200, expect.objectContaining({ greeting: 'Welcome', away: 'Back soon' })])
    const { status, body } = await call('PATCH', address, {
      away: 'Gone',
      hours: null,
      expected: { away: 'Closed', hours: null },
    })
    const admin = (await userByEmail(gateway.store, PEOPLE.admin)).name
    expect([status, body.errorCode, body.errors.map(({ path }: { path: string }) => path), body.changedBy]).toEqual([
      ...[409, 'CHANGED_MEANWHILE'],
      ['away'],
      admin,
    ])
    expect(body.current).toEqual({ greeting: 'Welcome', away: 'Back soon', hours: null, monthlyCap: null })
    const both = await Promise.all([call('PATCH', address, { greeting: 'Hello' }), call('PATCH', address, { monthlyCap: 5 })])
    expect(both.map(one => one.status)).toEqual([200, 200])
    expect((await call('GET', address)).body).toMatchObject({ greeting: 'Hello', away: 'Back soon', monthlyCap: 5 })
    expect((await call('PATCH', address, { greeting: null }, 'manager')).status).toBe(403)
  })
})

import { afterAll, beforeAll, expect, test } from 'vitest'
import { DEMO_TENANTS } from '#deploy/demo/world.ts'
import { createRecording, newPace } from '#services/ingest/recorder/recorder.ts'
import type { Id } from '#shared/model/documents.ts'
import { toId } from '#shared/model/ids.ts'
import { createWorld } from '#test/support/world.ts'
import { deliveryOf } from '#test/support/worlds/fixtures.ts'
import { type Gateway, openGateway } from '#test/support/worlds/gateway.ts'
import { log } from '#test/support/worlds/ingest.ts'

const stack = new AsyncDisposableStack()
let gateway: Gateway
let record: (from: string) => Promise<unknown>
beforeAll(async () => {
  gateway = stack.use(await openGateway(stack.use(await createWorld())))
  const events = { publish: async () => undefined, settled: async () => undefined }
  const recording = createRecording({ store: gateway.store, queue: gateway.queue, log, events, pace: newPace() })
  let count = 0
  record = from => recording([deliveryOf(inbound(from, ++count))])
})
afterAll(() => stack.disposeAsync())

function inbound(from: string, second: number) {
  const id = `wamid.read.${second}`
  const messages = [{ from, id, timestamp: String(1_795_165_200 + second), type: 'text', text: { body: id } }]
  const value = { metadata: { phone_number_id: DEMO_TENANTS.demo.phoneNumberId }, messages }
  return { entry: [{ id: DEMO_TENANTS.demo.wabaId, changes: [{ field: 'messages', value }] }] }
}

const call = (method: string, path: string, body?: object) => gateway.call(method, `/api/v1${path}`, { as: 'agent', body })
const conversationOf = async (phone: string) => (await call('GET', `/conversations?q=${phone}`)).body.data[0]

test('a message that arrives while its conversation is marked as read is counted, or read: never neither', async () => {
  const phone = '212661810001'
  await record(phone)
  const { id } = await conversationOf(phone)
  for (let round = 0; round < 15; round++) {
    const [answer] = await Promise.all([call('PUT', `/conversations/${id}/read`), record(phone), record(phone)])
    expect(answer.status).toBe(200)
    const { unreadCount } = (await call('GET', `/conversations/${id}`)).body
    const { data } = (await call('GET', `/conversations/${id}/messages?limit=100`)).body
    expect(unreadCount).toBe(data.filter((message: { status: string }) => message.status === 'RECEIVED').length)
  }
})

test('read up to the last message that was seen, later ones stay unread', async () => {
  const phone = '212661810002'
  for (let i = 0; i < 4; i++) await record(phone)
  const { id } = await conversationOf(phone)
  const { data } = (await call('GET', `/conversations/${id}/messages?order=asc`)).body
  const { body } = await call('PUT', `/conversations/${id}/read`, { upTo: data[1].id })
  expect(body.unreadCount).toBe(2)
  const after = (await call('GET', `/conversations/${id}/messages?order=asc`)).body.data
  expect(after.map((message: { status: string }) => message.status)).toEqual(['READ', 'READ', 'RECEIVED', 'RECEIVED'])
  expect((await call('PUT', `/conversations/${id}/read`, { upTo: data[0].id })).body.unreadCount).toBe(2)
  expect((await call('PUT', `/conversations/${id}/read`, { upTo: '0'.repeat(24) })).status).toBe(404)
  expect((await conversationOf(phone)).lastMessage.status).toBe('RECEIVED')
  const all = (await call('PATCH', `/conversations/${id}/read`)).body
  expect(all).toMatchObject({ unreadCount: 0, lastMessage: { status: 'READ' } })
})

test('a message that is stored and not counted yet is not taken for read', async () => {
  const phone = '212661810003'
  const { raw } = gateway.store
  for (let i = 0; i < 2; i++) await record(phone)
  const { id } = await conversationOf(phone)
  const [newest] = (await call('GET', `/conversations/${id}/messages`)).body.data
  // As a recorder leaves it that is between the two writes.
  const row = { _id: toId(id), tenantId: (await raw.conversations.findOne({ _id: toId(id) }))?.tenantId as Id }
  await raw.conversations.updateOne(row, { $set: { messageCount: 1, unreadCount: 1 } })
  await call('PUT', `/conversations/${id}/read`)
  const rows = await raw.messages.find({ conversationId: row._id }).sort({ seq: 1 }).toArray()
  expect(rows.map(({ status }) => status)).toEqual(['READ', 'RECEIVED'])
  expect(String(rows[1]?._id)).toBe(newest.id)
})

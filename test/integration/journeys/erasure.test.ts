import { Readable } from 'node:stream'
import { Types } from 'mongoose'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { DEMO_TENANTS } from '#deploy/demo/world.ts'
import { finishErasures } from '#services/ingest/background/finish-erasures.ts'
import { createRecording, newPace } from '#services/ingest/recorder/recorder.ts'
import type { EventDeliveryDoc, Id, MessageDoc, RecipientDoc } from '#shared/model/documents.ts'
import { audienceKey, mediaKey } from '#shared/storage/open.ts'
import { beginErasure } from '#shared/store/contacts/erase-begin.ts'
import { tracesOf } from '#test/support/traces.ts'
import { createWorld } from '#test/support/world.ts'
import { deliveryOf } from '#test/support/worlds/fixtures.ts'
import { type Gateway, openGateway, type Person } from '#test/support/worlds/gateway.ts'
import { log } from '#test/support/worlds/ingest.ts'

const PHONE = '212661830001'
const USER = 'MA.83000111222333444555'
const WAMID = 'wamid.erase'

const stack = new AsyncDisposableStack()
let gateway: Gateway
let tenantId: Id
let record: (from: string, more?: object) => Promise<unknown>
beforeAll(async () => {
  gateway = stack.use(await openGateway(stack.use(await createWorld())))
  const number = await gateway.store.raw.clients.findOne({ phoneNumberId: DEMO_TENANTS.demo.phoneNumberId })
  tenantId = number?.tenantId as Id
  const events = { publish: async () => undefined, settled: async () => undefined }
  const recording = createRecording({ store: gateway.store, queue: gateway.queue, log, events, pace: newPace() })
  let count = 0
  record = (from, more) => recording([deliveryOf(inbound(from, ++count, more), new Date())])
})
afterAll(() => stack.disposeAsync())

function inbound(from: string, n: number, more: object = { type: 'text', text: { body: `secret of ${from}` } }) {
  const timestamp = String(Math.floor(Date.now() / 1000))
  const message = { from, from_user_id: from === PHONE ? USER : undefined, id: `${WAMID}.${n}`, timestamp, ...more }
  const contacts = [{ wa_id: from, user_id: from === PHONE ? USER : undefined, profile: { name: `Person ${from}` } }]
  const value = { metadata: { phone_number_id: DEMO_TENANTS.demo.phoneNumberId }, contacts, messages: [message] }
  return { entry: [{ id: DEMO_TENANTS.demo.wabaId, changes: [{ field: 'messages', value }] }] }
}

const call = (method: string, path: string, as: Person = 'admin', body?: object) =>
  gateway.call(method, `/api/v1${path}`, { as, body })
const contactOf = async (phone: string) => (await call('GET', `/contacts?q=${phone}`)).body.data[0]

const whereStands = (...words: string[]) => tracesOf(gateway.store, words)

test('[F55] nothing of an erased person is left, and everything of the others', async () => {
  const { store, deps } = gateway
  await record(PHONE)
  await record(PHONE, { type: 'image', image: { id: '99', mime_type: 'image/jpeg', caption: 'my passport' } })
  await record(PHONE, { type: 'reaction', reaction: { message_id: `${WAMID}.1`, emoji: '👍' } })
  await record('212661830002')
  const { id } = await contactOf(PHONE)
  const conversation = (await call('GET', `/conversations?q=${PHONE}`)).body.data[0]
  await call('POST', `/conversations/${conversation.id}/notes`, 'agent', { text: 'note about the secret' })
  const image = (await store.raw.messages.findOne({
    tenantId,
    type: 'image',
    conversationId: new Types.ObjectId(conversation.id),
  })) as MessageDoc
  const file = mediaKey(tenantId, image.content.media?.id)
  await deps.storage.put(file, Readable.from([Buffer.from('bytes')]), { contentType: 'image/jpeg' })
  await store.raw.messages.updateOne({ tenantId, _id: image._id }, { $set: { 'content.media.state': 'STORED' } })
  await call('POST', '/labels', 'admin', { name: 'Heart patient' })
  await call('PATCH', `/contacts/${id}`, 'admin', { labels: ['Heart patient'] })
  await call('PUT', `/conversations/${conversation.id}/labels`, 'agent', { labels: ['Heart patient'] })
  await call('POST', '/views', 'agent', { name: 'That one', query: { q: `+${PHONE}` } })
  await call('POST', '/views', 'agent', { name: 'Open', query: { status: 'open', q: '212661830002' } })
  const soon = new Date(Date.now() + 3_600_000)
  const ofJobs = { automaticDue: { at: soon, arrivedAt: soon, isBeginning: true }, snoozedUntil: soon }
  await store.raw.conversations.updateOne({ tenantId, _id: new Types.ObjectId(conversation.id as string) }, { $set: ofJobs })
  const queued = await call('POST', '/messages/send', 'agent', {
    conversationId: conversation.id,
    text: 'answer about the secret',
  })
  expect(queued.status).toBe(202)
  const { seq: _, ...copied } = image
  const [brochure, contract, priceList] = [new Types.ObjectId(), new Types.ObjectId(), new Types.ObjectId()]
  for (const _id of [brochure, contract, priceList]) {
    await store.models.mediaFiles.create({ _id, tenantId, kind: 'document', mimeType: 'application/pdf', size: 1, sha256: 'a' })
    await store.raw.messages.insertOne({
      ...copied,
      _id: new Types.ObjectId(),
      wamid: `wamid.sent.${_id}`,
      direction: 'OUTBOUND',
      content: { ...image.content, media: { id: _id, state: 'STORED' } as never },
    })
  }
  await call('POST', '/quick-replies', 'agent', { shortcut: 'prices', title: 'Prices', text: null, mediaId: String(priceList) })
  const other = (await call('GET', '/conversations?q=212661830002')).body.data[0]
  await store.raw.messages.insertOne({
    ...copied,
    _id: new Types.ObjectId(),
    wamid: 'wamid.sent.other',
    contactKey: '212661830002',
    direction: 'OUTBOUND',
    conversationId: new Types.ObjectId(other.id as string),
    content: { text: null, data: null, template: null, media: { id: brochure, state: 'STORED' } as never },
  })
  await store.raw.eventDeliveries.insertMany([
    deliveryAbout(conversation.id, 1, 'said: answer about the secret'),
    deliveryAbout(conversation.id, 2, 'a contact was erased', true),
    deliveryAbout(other.id, 3, 'said: secret of 212661830002'),
  ])
  const campaignId = new Types.ObjectId()
  await store.raw.campaigns.insertOne({
    _id: campaignId,
    tenantId,
    name: 'C',
    deletedAt: null,
    status: 'DRAFT',
    audience: { generation: 1 },
  } as never)
  const list = audienceKey(tenantId, campaignId, 1)
  await deps.storage.put(list, Readable.from([Buffer.from(PHONE)]), { contentType: 'text/csv' })
  const row = (n: number, waId: string): RecipientDoc => ({
    _id: `${campaignId}:1:${n}`,
    tenantId,
    campaignId,
    row: n,
    key: waId,
    to: `+${waId}`,
    waId,
    userId: null,
    name: `Person ${waId}`,
    variables: { name: 'secret' },
    headerMedia: null,
    state: 'PENDING',
    reason: null,
    detail: null,
    messageId: null,
  })
  await store.raw.campaignRecipients.insertMany([row(1, PHONE), row(2, '212661830002')])

  expect((await call('DELETE', `/contacts/${id}`, 'manager')).status).toBe(403)
  const { status, body } = await call('DELETE', `/contacts/${id}`)
  expect([status, body]).toMatchObject([
    200,
    { id, erased: { messages: 6, files: 2, leads: 1, notes: 1, recipients: 1, webhookEvents: 3 } },
  ])

  expect(await whereStands(PHONE, USER, 'passport', 'about the secret')).toEqual([])
  await expect(deps.storage.get(file)).rejects.toThrow()
  await expect(deps.storage.get(list)).rejects.toThrow()
  expect((await call('GET', `/contacts/${id}`)).status).toBe(404)
  expect((await call('DELETE', `/contacts/${id}`)).status).toBe(404)
  expect((await call('GET', `/conversations/${conversation.id}`)).status).toBe(404)
  const rows = await store.raw.messages.find({ tenantId, conversationId: new Types.ObjectId(conversation.id) }).toArray()
  expect(new Set(rows.map(({ contactKey }) => contactKey)).size).toBe(1)
  expect(rows.find(({ direction }) => direction === 'OUTBOUND')).toMatchObject({
    status: 'FAILED',
    dispatch: null,
    payload: null,
  })
  expect(await store.raw.auditLog.countDocuments({ action: 'contacts.erase', 'object.id': id })).toBe(1)
  expect(await store.raw.events.findOne({ tenantId, 'payload.updates.erased': true })).not.toBeNull()

  const files = await store.raw.mediaFiles.find({ tenantId }).toArray()
  expect(files.map(({ _id }) => String(_id)).toSorted()).toEqual([brochure, priceList].map(String).toSorted())
  const hidden = await store.raw.conversations.findOne({ tenantId, _id: new Types.ObjectId(conversation.id as string) })
  expect(hidden).toMatchObject({ labels: [], automaticDue: null, snoozedUntil: null, waitingSince: null })
  expect((await store.raw.contacts.findOne({ tenantId, _id: new Types.ObjectId(id as string) }))?.labels).toEqual([])
  expect((await call('GET', '/views', 'agent')).body.data).toMatchObject([{ name: 'Open' }])
  expect((await contactOf('212661830002')).name).toBe('Person 212661830002')
  expect(await store.raw.campaignRecipients.countDocuments({ campaignId, state: 'PENDING', waId: '212661830002' })).toBe(1)
  // The label stays, and what its own row is told of; nobody has it any more.
  expect(await whereStands('Heart patient')).toEqual(['labels', 'events', 'auditLog'])
  const ofTheOther = ['conversations', 'messages', 'webhookEvents', 'events', 'eventDeliveries']
  expect((await whereStands('secret of 212661830002')).toSorted()).toEqual(ofTheOther.toSorted())
  expect(await store.raw.eventDeliveries.distinct('seq', { tenantId })).toEqual([2, 3])
})

/** An event that goes, or went, to a system of the tenant's. */
function deliveryAbout(conversationId: string, seq: number, body: string, isErasure = false): EventDeliveryDoc {
  return {
    ...{ _id: new Types.ObjectId(), tenantId, subscriptionId: new Types.ObjectId(), eventId: `event ${seq}`, seq },
    ...{ type: 'message.received', conversationId: new Types.ObjectId(conversationId), orderingKey: conversationId, body },
    ...{ at: new Date(), state: 'PENDING', isTest: false, isErasure, tries: 0, nextAttemptAt: null, attempts: [] },
    ...{ deliveredAt: null, replayedAt: null, createdAt: new Date() },
  }
}

test('[F55] who writes after an erasure is somebody new, and what Meta repeats of before stays away', async () => {
  const before = '212661830003'
  const body = inbound(before, 900)
  const { store } = gateway
  const events = { publish: async () => undefined, settled: async () => undefined }
  const recording = createRecording({ store, queue: gateway.queue, log, events, pace: newPace() })
  await recording([deliveryOf(body, new Date())])
  const { id } = await contactOf(before)
  expect((await call('DELETE', `/contacts/${id}`)).status).toBe(200)
  await recording([deliveryOf(body, new Date())])
  expect(await contactOf(before)).toBeUndefined()
  await record(before)
  expect((await contactOf(before)).id).not.toBe(id)
})

test('[F55] an erasure whose process died is finished in the background', async () => {
  const { store } = gateway
  const phone = '212661830004'
  await record(phone)
  const { id } = await contactOf(phone)
  const order = { tenantId, contactId: new Types.ObjectId(id as string), by: new Types.ObjectId(), pseudonymOf: () => 'erased:x' }
  await beginErasure(store, { ...order, now: new Date() })
  expect(await whereStands(phone)).not.toEqual([])
  await finishErasures({ store, storage: gateway.deps.storage, log, now: () => new Date(Date.now() + 3_600_000) })
  expect(await whereStands(phone)).toEqual([])
  expect(await store.raw.contacts.findOne({ _id: order.contactId })).toMatchObject({ erasing: null, erasedAt: expect.any(Date) })
})

import { Types } from 'mongoose'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { DEMO_TENANTS } from '#deploy/demo/world.ts'
import { createRecording, newPace } from '#services/ingest/recorder/recorder.ts'
import { searchKeys } from '#shared/domain/contacts/search-keys.ts'
import { createWorld } from '#test/support/world.ts'
import { deliveryOf } from '#test/support/worlds/fixtures.ts'
import { type Gateway, openGateway, type Person } from '#test/support/worlds/gateway.ts'
import { log } from '#test/support/worlds/ingest.ts'
import { staleKeys } from '#test/support/worlds/stale-keys.ts'

const stack = new AsyncDisposableStack()
let gateway: Gateway
let record: (keys: { from?: string; from_user_id?: string }, text: string) => Promise<unknown>
beforeAll(async () => {
  gateway = stack.use(await openGateway(stack.use(await createWorld())))
  const events = { publish: async () => undefined, settled: async () => undefined }
  const recording = createRecording({ store: gateway.store, queue: gateway.queue, log, events, pace: newPace() })
  let count = 0
  record = (keys, text) => recording([deliveryOf(inbound(keys, text, ++count))])
})
afterAll(() => stack.disposeAsync())

function inbound(keys: object, body: string, second: number) {
  const id = `wamid.merge.${second}`
  const messages = [{ ...keys, id, timestamp: String(1_795_165_200 + second), type: 'text', text: { body } }]
  const value = { metadata: { phone_number_id: DEMO_TENANTS.demo.phoneNumberId }, messages }
  return { entry: [{ id: DEMO_TENANTS.demo.wabaId, changes: [{ field: 'messages', value }] }] }
}

const call = (method: string, path: string, body?: object, as: Person = 'manager') =>
  gateway.call(method, `/api/v1${path}`, { as, body })
const find = async (filter: object) => String((await gateway.store.raw.contacts.findOne({ deletedAt: null, ...filter }))?._id)

test('a contact by phone and one by user id become one, with one conversation and everything that belonged to both', async () => {
  const [waId, userId] = ['212661850001', 'MA.85000111222333444555']
  await record({ from: waId }, 'by phone')
  await record({ from_user_id: userId }, 'by name')
  await record({ from_user_id: userId }, 'once more')
  const [kept, other] = [await find({ waId }), await find({ userId })]
  await call('PATCH', `/contacts/${kept}`, { name: 'Hind', attributes: { city: 'Fès', size: 'L' } })
  await call('PATCH', `/contacts/${other}`, { name: 'H.', optOut: true, attributes: { size: 'M', team: 'A' } })
  const conversations = (await call('GET', '/conversations?q=H')).body.data.filter(({ contact }: { contact: { id: string } }) =>
    [kept, other].includes(contact.id),
  )
  expect(conversations).toHaveLength(2)
  const gone = conversations.find(({ contact }: { contact: { id: string } }) => contact.id === other)
  await call('POST', `/conversations/${gone.id}/notes`, { text: 'of the other' })
  await call('POST', '/labels', { name: 'Interview' })
  await call('PUT', `/conversations/${gone.id}/labels`, { labels: ['Interview'] })
  const [at, campaign] = [new Date(Date.now() + 3_600_000), new Types.ObjectId()]
  const ofJobs = { automaticDue: { at, arrivedAt: at, isBeginning: true }, greetedAt: at, snoozedUntil: at }
  const ofCampaigns = { lastCampaign: { id: campaign, at }, campaignReplies: [campaign] }
  const left = { _id: new Types.ObjectId(gone.id as string) }
  await gateway.store.raw.conversations.updateOne(left, { $set: { ...ofJobs, ...ofCampaigns } })

  expect((await call('POST', `/contacts/${kept}/merge`, { contactId: other }, 'agent')).status).toBe(403)
  const { status, body } = await call('POST', `/contacts/${kept}/merge`, { contactId: other })
  expect(status).toBe(200)
  expect(body).toMatchObject({
    id: kept,
    waId,
    userId,
    name: 'Hind',
    optOut: true,
    attributes: { city: 'Fès', size: 'L', team: 'A' },
  })
  expect((await call('GET', `/contacts/${other}`)).status).toBe(404)
  const [conversation, ...others] = (await call('GET', '/conversations?q=Hind')).body.data
  expect(others).toEqual([])
  expect(conversation).toMatchObject({
    messageCount: 3,
    unreadCount: 3,
    lastMessage: { text: 'once more' },
    contact: { id: kept, userId },
  })
  expect((await call('GET', `/conversations/${conversation.id}/messages`)).body.total).toBe(3)
  expect((await call('GET', `/conversations/${conversation.id}/notes`)).body.data).toMatchObject([{ text: 'of the other' }])
  const [row, before] = await Promise.all(
    [conversation.id, gone.id].map(id => gateway.store.raw.conversations.findOne({ _id: new Types.ObjectId(id as string) })),
  )
  // The conversation that nobody had snoozed is shown.
  expect(row).toMatchObject({ labels: ['Interview'], ...ofJobs, ...ofCampaigns, snoozedUntil: null })
  expect(row?.waitingSince).toBeInstanceOf(Date)
  expect(before).toMatchObject({ automaticDue: null, snoozedUntil: null, waitingSince: null })
  const events = await gateway.store.raw.events.find({ 'payload.updates.joinedWith': conversation.id }).toArray()
  expect(events.map(({ payload }) => payload.conversationId)).toEqual([gone.id])
  expect(await gateway.store.raw.auditLog.countDocuments({ action: 'contacts.merge', 'object.id': kept })).toBe(1)

  await record({ from: waId }, 'phone again')
  await record({ from_user_id: userId }, 'name again')
  expect((await call('GET', `/conversations/${conversation.id}`)).body.messageCount).toBe(5)

  // What is erased is the whole person.
  const { body: erased } = await call('DELETE', `/contacts/${kept}`, undefined, 'admin')
  expect(erased.erased.messages).toBe(5)
  const merged = await gateway.store.raw.contacts.findOne({ _id: new Types.ObjectId(other) })
  expect(merged).toMatchObject({ name: null, phone: null, attributes: {} })
})

test('two whom WhatsApp takes for two stay two', async () => {
  await record({ from: '212661850002' }, 'one')
  await record({ from: '212661850003' }, 'two')
  const [one, two] = [await find({ waId: '212661850002' }), await find({ waId: '212661850003' })]
  const refused = await call('POST', `/contacts/${one}/merge`, { contactId: two })
  expect([refused.status, refused.body.errorCode]).toEqual([409, 'CONTACTS_DIFFER'])
  expect((await call('POST', `/contacts/${one}/merge`, { contactId: one })).body.errorCode).toBe('SAME_CONTACT')
  expect((await call('POST', `/contacts/${one}/merge`, { contactId: '0'.repeat(24) })).status).toBe(404)
})

test('two forms of one number are one person', async () => {
  const { store } = gateway
  const tenantId = (await store.raw.clients.findOne({ phoneNumberId: DEMO_TENANTS.demo.phoneNumberId }))?.tenantId
  const make = async (waId: string) =>
    (await store.models.contacts.create({ tenantId, waId, phone: waId, keys: searchKeys({ waId }), attributes: {} }))._id
  const [long, short] = [await make('5511998765432'), await make('551198765432')]
  const { body } = await call('POST', `/contacts/${long}/merge`, { contactId: String(short) })
  expect(body).toMatchObject({ id: String(long), waId: '5511998765432' })
})

test('merged contacts are found by the words of what is left', async () => {
  expect(await staleKeys(gateway.store)).toEqual([])
})

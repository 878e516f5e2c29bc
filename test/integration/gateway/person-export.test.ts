import { Readable } from 'node:stream'
import { Types } from 'mongoose'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { DEMO_TENANTS } from '#deploy/demo/world.ts'
import { createRecording, newPace } from '#services/ingest/recorder/recorder.ts'
import type { Id, MessageDoc } from '#shared/model/documents.ts'
import { mediaKey } from '#shared/storage/open.ts'
import { readZip } from '#test/support/files/zip.ts'
import { createWorld } from '#test/support/world.ts'
import { deliveryOf } from '#test/support/worlds/fixtures.ts'
import { type Gateway, openGateway, type Person } from '#test/support/worlds/gateway.ts'
import { log } from '#test/support/worlds/ingest.ts'

const PHONE = '212661870001'
const OTHER = '212661870002'
const GROUP = 'group-of-export'

const stack = new AsyncDisposableStack()
let gateway: Gateway
let tenantId: Id
let record: (from: string, more?: object, groupId?: string) => Promise<unknown>
beforeAll(async () => {
  gateway = stack.use(await openGateway(stack.use(await createWorld())))
  const number = await gateway.store.raw.clients.findOne({ phoneNumberId: DEMO_TENANTS.demo.phoneNumberId })
  tenantId = number?.tenantId as Id
  const events = { publish: async () => undefined, settled: async () => undefined }
  const recording = createRecording({ store: gateway.store, queue: gateway.queue, log, events, pace: newPace() })
  let count = 0
  record = (from, more, groupId) => recording([deliveryOf(inbound(from, ++count, more, groupId), new Date())])
})
afterAll(() => stack.disposeAsync())

function inbound(from: string, n: number, more: object = { type: 'text', text: { body: `words of ${from}` } }, groupId?: string) {
  const timestamp = String(Math.floor(Date.now() / 1000))
  const message = { from, id: `wamid.export.${n}`, timestamp, ...(groupId && { group_id: groupId }), ...more }
  const contacts = [{ wa_id: from, profile: { name: `Person ${from}` } }]
  const value = { metadata: { phone_number_id: DEMO_TENANTS.demo.phoneNumberId }, contacts, messages: [message] }
  return { entry: [{ id: DEMO_TENANTS.demo.wabaId, changes: [{ field: 'messages', value }] }] }
}

const call = (method: string, path: string, as: Person = 'admin', body?: object) =>
  gateway.call(method, `/api/v1${path}`, { as, body })
const contactOf = async (phone: string) => (await call('GET', `/contacts?q=${phone}`)).body.data[0]

async function download(id: string, as: Person = 'admin') {
  const headers = { authorization: `Bearer ${await gateway.tokenFor(as)}` }
  return await fetch(`${gateway.url}/api/v1/contacts/${id}/export`, { headers })
}

async function filesOf(id: string): Promise<{ names: string[]; of(name: string): string; json(name: string): never }> {
  const files = await readZip(Buffer.from(await (await download(id)).arrayBuffer()))
  const of = (name: string) => String(files[name])
  return { names: Object.keys(files), of, json: name => JSON.parse(of(name)) as never }
}

async function addImage(content: string | null): Promise<MessageDoc> {
  await record(PHONE, { type: 'image', image: { id: '99', mime_type: 'image/jpeg', caption: 'my passport' } })
  const image = (await gateway.store.raw.messages.find({ tenantId, type: 'image' }).sort({ _id: -1 }).next()) as MessageDoc
  if (content !== null) {
    const bytes = Readable.from([Buffer.from(content)])
    await gateway.deps.storage.put(mediaKey(tenantId, image.content.media?.id), bytes, { contentType: 'image/jpeg' })
  }
  const set = { 'content.media.state': 'STORED' as const, 'content.media.filename': 'pass/../port 1.jpg' }
  await gateway.store.raw.messages.updateOne({ tenantId, _id: image._id }, { $set: set } as object)
  return image
}

test('[87] everything of one person comes as a ZIP, and nothing of another', async () => {
  await record(PHONE)
  await record(OTHER)
  await record(PHONE, undefined, GROUP)
  await record(OTHER, undefined, GROUP)
  const image = await addImage('bytes of the passport')
  const lost = await addImage(null)
  const { id } = await contactOf(PHONE)
  const conversation = (await call('GET', `/conversations?q=${PHONE}`)).body.data[0]
  await call('POST', `/conversations/${conversation.id}/notes`, 'agent', { text: 'wants to be called back' })
  expect((await call('POST', '/messages/send', 'agent', { conversationId: conversation.id, text: 'our answer' })).status).toBe(
    202,
  )
  const audience = { name: 'Exported', templateName: 'welcome', language: 'en_US' }
  const recipients = [PHONE, OTHER].map(phone => ({ to: `+${phone}`, variables: { name: `for ${phone}` } }))
  await call('POST', '/campaigns', 'manager', { ...audience, recipients })
  const campaign = await gateway.store.raw.campaigns.findOne({ tenantId, name: 'Exported' })
  await gateway.store.raw.campaignRecipients.insertMany(
    [PHONE, OTHER].map((waId, row) => ({ ...recipientRow(waId, row), campaignId: campaign?._id as Id, tenantId })) as never,
  )

  const { names, of, json } = await filesOf(id)
  const files = ['contact', 'conversations', 'leads', 'notes', 'campaigns', 'messages', 'webhooks'].map(name => `${name}.json`)
  const passport = `media/${image._id}-port 1.jpg`
  expect(names).toEqual(['README.txt', ...files, passport, 'manifest.json'])
  expect(json('contact.json')).toMatchObject([{ id, phone: `+${PHONE}`, name: `Person ${PHONE}` }])
  expect(json('conversations.json')).toMatchObject([{ id: conversation.id }])
  expect(json('leads.json')).toMatchObject([{ phone: PHONE }])
  expect(json('notes.json')).toMatchObject([{ text: 'wants to be called back' }])
  expect(json('campaigns.json')).toMatchObject([{ variables: { name: `for ${PHONE}` } }])
  const texts = (json('messages.json') as { content: { text: string } }[]).map(({ content }) => content.text)
  const words = `words of ${PHONE}`
  expect(texts).toEqual([words, 'my passport', 'my passport', 'our answer', words])
  expect(json('webhooks.json')).toHaveLength(4)
  expect(of(passport)).toBe('bytes of the passport')
  expect(json('manifest.json')).toMatchObject({
    contactId: id,
    counts: { messages: 5, conversations: 1, leads: 1, notes: 1, campaigns: 1, webhooks: 4, media: 1 },
    missing: [String(lost._id)],
  })
  const leaked = files.filter(name => of(name).includes(OTHER))
  expect(leaked).toEqual([])
})

const recipientRow = (waId: string, row: number) => ({
  _id: `export:1:${row}`,
  row,
  key: waId,
  to: `+${waId}`,
  waId,
  userId: null,
  name: null,
  variables: { name: `for ${waId}` },
  headerMedia: null,
  state: 'PENDING' as const,
  reason: null,
  detail: null,
  messageId: null,
})

test('[87] what was merged into a contact belongs to it', async () => {
  const user = { tenantId, waId: null, userId: 'MA.87000111222333444555', phone: null, name: 'By id' }
  const { _id } = await gateway.store.models.contacts.create(user as never)
  const { id } = await contactOf(PHONE)
  expect((await call('POST', `/contacts/${id}/merge`, 'admin', { contactId: String(_id) })).status).toBe(200)
  const contacts = (await filesOf(id)).json('contact.json') as { id: string }[]
  expect(contacts.map(one => one.id)).toEqual([id, String(_id)])
})

test('[87] an export is for admins of the account, and each leaves an audit entry', async () => {
  const { id } = await contactOf(OTHER)
  expect((await download(id, 'manager')).status).toBe(403)
  expect((await download(id, 'other')).status).toBe(404)
  expect((await download(String(new Types.ObjectId()))).status).toBe(404)
  const answer = await download(id)
  expect(answer.headers.get('content-type')).toBe('application/zip')
  expect(answer.headers.get('content-disposition')).toBe(`attachment; filename="contact-${id}.zip"`)
  await answer.body?.cancel()
  expect(await gateway.store.raw.auditLog.countDocuments({ action: 'contacts.export', 'object.id': id })).toBe(1)
})

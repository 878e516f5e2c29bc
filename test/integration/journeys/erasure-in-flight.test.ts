import { Readable } from 'node:stream'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { DEMO_TENANTS } from '#deploy/demo/world.ts'
import { checkErasures } from '#services/ingest/background/check-erasures.ts'
import { deleteLeftFiles } from '#services/ingest/background/left-files.ts'
import { createRecording, newPace } from '#services/ingest/recorder/recorder.ts'
import { checkNextAudience } from '#services/sender/background/check-audience.ts'
import { MESSAGE_TYPE } from '#shared/contracts/message-types.ts'
import { taken, unknown } from '#shared/domain/messages/dispatch.ts'
import { messageEventId } from '#shared/meta/webhook.ts'
import type { CampaignDoc, ClientDoc, Dispatch, Id, MessageDoc, TemplateDoc, TenantDoc } from '#shared/model/documents.ts'
import { newId, toId } from '#shared/model/ids.ts'
import { EXCHANGES, QUEUES } from '#shared/queue/topology.ts'
import { listFiles } from '#shared/storage/object-storage.ts'
import { audienceKey, importPrefix, mediaKey } from '#shared/storage/open.ts'
import { releaseRecipients } from '#shared/store/campaigns/release.ts'
import { importRows } from '#shared/store/contacts/import.ts'
import { finishMessages } from '#shared/store/dispatch/finish.ts'
import type { Settlement } from '#shared/store/dispatch/outcome-writes.ts'
import { settleMedia } from '#shared/store/inbox/media.ts'
import { storeDeadLetter } from '#shared/store/webhooks/dead-letters.ts'
import { tracesOf, wamidOf } from '#test/support/traces.ts'
import { createWorld } from '#test/support/world.ts'
import { deliveryOf } from '#test/support/worlds/fixtures.ts'
import { type Gateway, openGateway, type Person } from '#test/support/worlds/gateway.ts'
import { log } from '#test/support/worlds/ingest.ts'

const { phoneNumberId, wabaId } = DEMO_TENANTS.demo
const MINUTE_MS = 60_000
const DAY_MS = 24 * 60 * MINUTE_MS

const stack = new AsyncDisposableStack()
let gateway: Gateway
let tenantId: Id
let record: (body: object, receivedAt?: Date) => Promise<unknown>
beforeAll(async () => {
  gateway = stack.use(await openGateway(stack.use(await createWorld())))
  const { store, queue } = gateway
  tenantId = (await store.raw.clients.findOne({ phoneNumberId }))?.tenantId as Id
  const events = { publish: async () => undefined, settled: async () => undefined }
  const recording = createRecording({ store, queue, log, events, pace: newPace() })
  record = (body, receivedAt = new Date()) => recording([deliveryOf(body, receivedAt)])
})
afterAll(() => stack.disposeAsync())

const change = (field: string, value: object) => ({
  object: 'whatsapp_business_account',
  entry: [{ id: wabaId, changes: [{ field, value: { metadata: { phone_number_id: phoneNumberId }, ...value } }] }],
})
const seconds = (at: number) => String(Math.floor(at / 1000))
/** A minute before this moment: before any erasure of the test. */
const before = () => seconds(Date.now() - MINUTE_MS)
const profile = (phone: string) => [{ wa_id: phone, profile: { name: `Person ${phone}` } }]

let wamids = 0
const inbound = (from: string, more: object = {}) =>
  change('messages', {
    contacts: profile(from),
    messages: [
      { from, id: wamidOf(from, ++wamids), timestamp: before(), type: 'text', text: { body: `secret of ${from}` }, ...more },
    ],
  })
const status = (phone: string, wamid: string, messageId?: string, name = 'delivered') => {
  const callback = messageId && { biz_opaque_callback_data: `1:c:${messageId}:1` }
  return change('messages', {
    contacts: profile(phone),
    statuses: [{ id: wamid, status: name, timestamp: seconds(Date.now()), recipient_id: phone, ...callback }],
  })
}

const call = (method: string, path: string, as: Person = 'agent', body?: unknown, headers = {}) =>
  gateway.call(method, `/api/v1${path}`, { as, body, headers })
const contactOf = async (phone: string) => (await call('GET', `/contacts?q=${phone}`)).body.data[0]
const conversationOf = async (phone: string) => (await call('GET', `/conversations?q=${phone}`)).body.data[0]
const traces = (phone: string, ...words: string[]) =>
  tracesOf(gateway.store, [phone, `Person ${phone}`, `secret of ${phone}`, ...words])

async function personWith(phone: string): Promise<{ contactId: string; conversationId: string }> {
  await record(inbound(phone))
  return { contactId: (await contactOf(phone)).id, conversationId: (await conversationOf(phone)).id }
}
const erase = async (contactId: string) => expect((await call('DELETE', `/contacts/${contactId}`, 'admin')).status).toBe(200)

async function sent(conversationId: string, text: string, changes: Partial<MessageDoc> = {}): Promise<MessageDoc> {
  const { status, body } = await call('POST', '/messages/send', 'agent', { conversationId, text })
  expect(status).toBe(202)
  const own = { tenantId, _id: toId(body.id) }
  await gateway.store.raw.messages.updateOne(own, { $set: changes })
  return (await gateway.store.raw.messages.findOne(own)) as MessageDoc
}

const lastEvent = (eventType: 'status' | 'message' | 'account') =>
  gateway.store.raw.webhookEvents.findOne({ tenantId, eventType }, { sort: { processedAt: -1 } })

const checkAt = (ms: number) => checkErasures({ ...gateway.deps, now: () => new Date(Date.now() + ms) }, () => true)

test('[F55] a status that comes after the erasure is ignored and brings nothing back', async () => {
  const phone = '212661930001'
  const { contactId, conversationId } = await personWith(phone)
  const wamid = wamidOf(phone, ++wamids)
  const message = await sent(conversationId, 'the answer', { wamid, status: 'SENT', dispatch: null })
  await erase(contactId)
  expect(await traces(phone, wamid, 'the answer')).toEqual([])
  await record(status(phone, wamid, String(message._id)))
  expect(await lastEvent('status')).toMatchObject({
    status: 'IGNORED',
    reason: 'the contact was erased',
    payload: { erased: true },
  })
  // Without our id the message is not found: it must not be parked either.
  await record(status(phone, wamid, undefined, 'read'))
  expect(await lastEvent('status')).toMatchObject({ status: 'IGNORED', payload: { erased: true } })
  expect(await gateway.store.raw.messages.findOne({ _id: message._id })).toMatchObject({
    status: 'SENT',
    erasedAt: expect.any(Date),
  })
  expect(await traces(phone, wamid, 'the answer')).toEqual([])
})

test('[F55] what was said before the erasure and waited in a queue or a spool stays away, and who writes later is new', async () => {
  const phone = '212661930002'
  const { contactId } = await personWith(phone)
  const waiting = inbound(phone)
  const reaction = { type: 'reaction', reaction: { message_id: wamidOf(phone, 1), emoji: '🤫' } }
  const echo = change('smb_message_echoes', {
    message_echoes: [
      { to: phone, id: wamidOf(phone, ++wamids), timestamp: before(), type: 'text', text: { body: `secret of ${phone}` } },
    ],
  })
  await erase(contactId)
  for (const body of [waiting, inbound(phone, reaction), echo]) await record(body)
  expect(await lastEvent('message')).toMatchObject({ status: 'IGNORED', payload: { erased: true } })
  expect(await contactOf(phone)).toBeUndefined()
  expect(await traces(phone)).toEqual([])
  await record(waiting) // once more, as Meta repeats it
  expect(await traces(phone)).toEqual([])
  await record(inbound(phone, { timestamp: seconds(Date.now() + 1000), text: { body: 'hello again' } }))
  expect((await contactOf(phone)).id).not.toBe(contactId)
  await checkAt(3 * MINUTE_MS)
  expect((await conversationOf(phone)).lastMessage).toMatchObject({ text: 'hello again' })
})

test('[F55] history, phone book and preferences from before the erasure leave an erased person out', async () => {
  const [phone, other] = ['212661930003', '212661930004']
  const { contactId } = await personWith(phone)
  await erase(contactId)
  const past = (from: string) => ({
    id: from,
    messages: [{ from, id: wamidOf(from, ++wamids), timestamp: before(), type: 'text', text: { body: `secret of ${from}` } }],
  })
  const entry = (phone_number: string) => ({
    type: 'contact',
    action: 'add',
    contact: { phone_number, full_name: `Person ${phone_number}` },
    metadata: { timestamp: before() },
  })
  const preference = { wa_id: phone, category: 'marketing_messages', value: 'stop', timestamp: before() }
  await record(change('history', { history: [{ threads: [past(phone), past(other)] }] }))
  await record(change('smb_app_state_sync', { state_sync: [entry(phone), entry(other)] }))
  await record(change('user_preferences', { user_preferences: [preference] }))
  expect(await traces(phone)).toEqual([])
  expect((await contactOf(other)).name).toBe(`Person ${other}`)
  expect((await conversationOf(other)).lastMessage).toMatchObject({ text: `secret of ${other}` })
})

/** Runs `work` right before the next insert of messages, as if it had come in between. */
function beforeNextInsert(work: () => Promise<unknown>): void {
  const { messages } = gateway.deps.store.raw
  const { insertMany } = messages
  messages.insertMany = async (...args: Parameters<typeof insertMany>) => {
    messages.insertMany = insertMany
    await work()
    return await insertMany.apply(messages, args)
  }
}

test('[F55] a send that meets the erasure leaves nothing and is not sent', async () => {
  const phone = '212661930005'
  const { contactId, conversationId } = await personWith(phone)
  beforeNextInsert(() => erase(contactId))
  const text = 'late answer about the illness'
  const { body } = await call('POST', '/messages/send', 'agent', { conversationId, text })
  const row = await gateway.store.raw.messages.findOne({ tenantId, _id: toId(body.id) })
  expect(row).toMatchObject({ status: 'FAILED', dispatch: null, erasedAt: expect.any(Date) })
  expect(await traces(phone, 'illness')).toEqual([])
  expect((await call('POST', '/messages/send', 'agent', { conversationId, text })).status).toBe(404)
  expect((await call('POST', `/messages/by-id/${body.id}/retry`, 'agent', {})).status).toBe(404)
})

test('[F55] the stored answer of a send that met the erasure goes with the next check', async () => {
  const phone = '212661930006'
  const { contactId, conversationId } = await personWith(phone)
  beforeNextInsert(() => erase(contactId))
  const headers = { 'idempotency-key': `answer-to-${phone}` }
  await call('POST', '/messages/send', 'agent', { conversationId, text: 'what we said of the illness' }, headers)
  expect(await traces(phone, 'of the illness')).toEqual(['idempotencyKeys'])
  await checkAt(3 * MINUTE_MS)
  expect(await traces(phone, 'of the illness')).toEqual([])
})

test('[F55] the first send to somebody who is erased at this moment is refused', async () => {
  const phone = '212661930007'
  const { body: contact } = await call('POST', '/contacts', 'manager', { phone: `+${phone}`, name: `Person ${phone}` })
  const { conversations } = gateway.deps.store.models
  const { findOneAndUpdate } = conversations
  conversations.findOneAndUpdate = ((...args: Parameters<typeof findOneAndUpdate>) => {
    conversations.findOneAndUpdate = findOneAndUpdate
    const meanwhile = erase(contact.id)
    const query = findOneAndUpdate.apply(conversations, args)
    return { lean: () => ({ catch: async () => meanwhile.then(() => query.lean()) }) }
  }) as typeof findOneAndUpdate
  const { status } = await call('POST', '/messages/send-template', 'agent', {
    to: `+${phone}`,
    templateName: 'welcome',
    language: 'en_US',
    variables: { candidateName: 'Salma' },
  })
  expect(status).toBe(404)
  expect(await traces(phone)).toEqual([])
})

/** A take that a sender has made of a message, and what Meta answered to it. */
async function inHand(message: MessageDoc, state: 'TAKEN' | 'UNKNOWN' = 'TAKEN'): Promise<MessageDoc> {
  const until = new Date(Date.now() + MINUTE_MS)
  const held = { ...taken({ token: `t-${message._id}`, owner: 'sender', leaseUntil: until }), attempt: 1 }
  const dispatch = { ...(message.dispatch as Dispatch), ...held } as Dispatch
  if (state === 'UNKNOWN') Object.assign(dispatch, unknown({ blocksUntil: until, deadlineAt: until }))
  await gateway.store.raw.messages.updateOne({ tenantId, _id: message._id }, { $set: { dispatch } })
  return { ...message, dispatch }
}

const answerTo = (message: MessageDoc, step: Settlement['step'], detail: string): Settlement => {
  const at = new Date()
  const outcome = step.kind === 'sent' ? 'accepted' : 'refused'
  return { message, step, at, entry: { kind: 'attempt', at, attempt: 1, outcome, detail, traceId: 'trace' } }
}

test('[F55] a call in flight at the erasure leaves neither wamid, text, error nor event', async () => {
  const phone = '212661930008'
  const { contactId, conversationId } = await personWith(phone)
  const [accepted, refused, held] = [
    await inHand(await sent(conversationId, 'your test result is positive')),
    await inHand(await sent(conversationId, 'your test result is late')),
    await inHand(await sent(conversationId, 'your test result is held')),
  ]
  await inHand(await sent(conversationId, 'your test result is lost'), 'UNKNOWN')
  await erase(contactId)
  const error = { code: 131026, title: 'no', detail: `${phone} is away`, sentence: '', nextStep: '', source: 'meta' as const }
  const events = await finishMessages(gateway.store, [
    answerTo(accepted, { kind: 'sent', wamid: wamidOf(phone, ++wamids), note: `to ${phone}` }, `to ${phone}`),
    answerTo(refused, { kind: 'failed', error }, `${phone} is away`),
    answerTo(held, { kind: 'waiting', reason: 'paused', nextStepAt: null, usesAttempt: false, shown: error }, `${phone} is away`),
  ])
  expect(events).toEqual([])
  await gateway.project()
  const rows = await gateway.store.raw.messages.find({ tenantId, conversationId: toId(conversationId) }).toArray()
  expect(rows.map(({ dispatch, wamid }) => [dispatch, wamid])).toEqual(rows.map(() => [null, null]))
  expect(rows.find(({ _id }) => _id.equals(accepted._id))).toMatchObject({ status: 'SENT' })
  expect(await traces(phone, 'test result', 'is away')).toEqual([])
})

const admin = async (method: string, path: string, body?: unknown, type = 'application/json') =>
  await call(method, path, 'manager', body, { 'content-type': type })

async function draft(): Promise<string> {
  const { status, body } = await admin('POST', '/campaigns', { name: 'W', templateName: 'welcome', language: 'en_US' })
  expect(status).toBe(201)
  return body.id
}
const give = async (id: string, csv: string) => {
  const { status } = await admin('PUT', `/campaigns/${id}/audience`, csv, 'text/csv')
  expect(status).toBeLessThan(300)
}
async function filesOf(prefix: string): Promise<string[]> {
  return (await listFiles(gateway.deps.storage, prefix)).map(({ key }) => key)
}
const checkAudience = () => checkNextAudience({ ...gateway.deps }, () => true)

test('[F55] an erasure deletes the lists that name the person, also those of earlier generations', async () => {
  const [phone, other] = ['212661930010', '212661930011']
  const { contactId } = await personWith(phone)
  const id = await draft()
  await give(id, `to,name\n+${phone},Person ${phone}\n`)
  await give(id, `to,name\n+${other},Person ${other}\n`)
  const key = (generation: number) => audienceKey(tenantId, id, generation)
  expect(await filesOf(`${tenantId}/campaigns/${id}`)).toEqual([key(1), key(2)])
  await erase(contactId)
  expect(await filesOf(`${tenantId}/campaigns/${id}`)).toEqual([key(2)])
  expect(await traces(phone)).toEqual([])
})

test('[F55] a list from before the erasure that is read after it brings nobody back', async () => {
  const [phone, other] = ['212661930012', '212661930013']
  const { contactId } = await personWith(phone)
  const id = await draft()
  await give(id, `to,candidateName\n+${phone},Person ${phone}\n+${other},Person ${other}\n`)
  await erase(contactId)
  // The check of one audience at a time, the oldest first.
  for (let rest = 1; rest > 0; ) rest = await checkAudience()
  const { body } = await admin('GET', `/campaigns/${id}`)
  expect(body.audience).toMatchObject({ state: 'READY', recipients: 1, invalid: 1 })
  expect(await filesOf(`${tenantId}/campaigns/${id}`)).toEqual([])
  expect(await traces(phone)).toEqual([])
})

test('[F55] a recipient that is about to be released is left out when the person was erased', async () => {
  const [phone, other] = ['212661930017', '212661930018']
  const { contactId } = await personWith(phone)
  const { store } = gateway
  const id = await draft()
  await give(id, `to,candidateName\n+${phone},Person ${phone}\n+${other},Somebody\n`)
  for (let rest = 1; rest > 0; ) rest = await checkAudience()
  const rows = await store.raw.campaignRecipients.find({ tenantId, campaignId: toId(id) }).toArray()
  await erase(contactId)
  // As a process sees it that has read the rows before.
  await store.raw.campaignRecipients.deleteMany({ tenantId, campaignId: toId(id) })
  await store.raw.campaignRecipients.insertMany(rows)
  const own = { tenantId, _id: toId(id) }
  await store.raw.campaigns.updateOne(own, { $set: { status: 'RUNNING' } })
  const campaign = (await store.raw.campaigns.findOne(own)) as CampaignDoc
  const [template, client, tenant] = [
    (await store.raw.templates.findOne({ tenantId, _id: campaign.template.id })) as TemplateDoc,
    (await store.raw.clients.findOne({ tenantId, _id: campaign.clientId })) as ClientDoc,
    (await store.raw.tenants.findOne({ _id: tenantId })) as TenantDoc,
  ]
  const messages = await releaseRecipients(store, { campaign, template, client, tenant, limit: 10, now: new Date() })
  expect(messages?.map(({ contactKey }) => contactKey)).toEqual([other])
  expect(await store.raw.campaigns.findOne(own)).toMatchObject({ released: 1, skipped: 1 })
  expect(await traces(phone)).toEqual([])
})

test('[F55] an import that began before the erasure does not bring the person back', async () => {
  const [phone, other] = ['212661930019', '212661930029']
  const { contactId } = await personWith(phone)
  const batch = { tenantId, by: newId(), now: new Date(), isDryRun: false }
  await erase(contactId)
  const row = (waId: string) => ({ key: waId, waId, userId: null, name: `Person ${waId}`, optOut: false, attributes: {} })
  expect(await importRows(gateway.store, batch, [row(phone), row(other)])).toMatchObject({ created: 1, unchanged: 1 })
  expect(await contactOf(other)).toMatchObject({ name: `Person ${other}` })
  expect(await traces(phone)).toEqual([])
})

test('[F55] a list is deleted when the next one is ready', async () => {
  const id = await draft()
  await give(id, 'to\n+212661930014\n')
  for (let rest = 1; rest > 0; ) rest = await checkAudience()
  await give(id, 'to\n+212661930015\n')
  expect(await filesOf(`${tenantId}/campaigns/${id}`)).toHaveLength(2)
  for (let rest = 1; rest > 0; ) rest = await checkAudience()
  expect(await filesOf(`${tenantId}/campaigns/${id}`)).toEqual([audienceKey(tenantId, id, 2)])
})

test('[F55] the daily sweep deletes what killed imports and ended campaigns have left', async () => {
  const { storage, store } = gateway.deps
  const phone = '212661930016'
  const put = (key: string) => storage.put(key, Readable.from([Buffer.from(`phone\n${phone}`)]), { contentType: 'text/csv' })
  const killed = `${importPrefix(tenantId)}${newId()}`
  await put(killed)
  const kept = await draft()
  await give(kept, `to\n+${phone}\n`)
  const ended = await draft()
  await give(ended, `to\n+${phone}\n`)
  await store.raw.campaigns.updateOne({ tenantId, _id: toId(ended) }, { $set: { status: 'DONE', endedAt: new Date() } })
  const unknown = audienceKey(tenantId, newId(), 1)
  await put(unknown)
  const sweep = (ms: number) => deleteLeftFiles({ store, storage, log, now: () => new Date(Date.now() + ms) }, () => true)
  await sweep(0)
  expect(await filesOf(importPrefix(tenantId))).toEqual([killed]) // perhaps under way
  await sweep(2 * 60 * MINUTE_MS)
  expect(await filesOf(importPrefix(tenantId))).toEqual([])
  const left = await filesOf(`${tenantId}/campaigns/`)
  expect([
    left.includes(audienceKey(tenantId, kept, 1)),
    left.includes(audienceKey(tenantId, ended, 1)),
    left.includes(unknown),
  ]).toEqual([true, false, false])
})

const letter = (phone: string, payload: object, changes: object = {}) =>
  storeDeadLetter(gateway.store, {
    tenantId,
    queue: QUEUES.conversation[0] as string,
    exchange: EXCHANGES.webhook,
    routingKey: 'conversation.0',
    type: MESSAGE_TYPE.webhook,
    reason: 'storing it failed',
    error: `Error: ${phone}`,
    attempt: 5,
    messageId: `s:wamid.x:delivered:1790000000:${phone}:${newId()}`,
    payload: JSON.stringify(payload),
    headers: {},
    createdAt: new Date(),
    ...changes,
  })

test('[F55] an erasure empties an edited dead letter, its original and its id', async () => {
  const phone = '212661930020'
  const { contactId } = await personWith(phone)
  await letter(phone, inbound(phone))
  const { deadLetters } = gateway.store.raw
  const [own] = await deadLetters.find({ tenantId, payload: new RegExp(phone) }).toArray()
  const edited = { original: own?.payload ?? '', payload: '{"mended":true}', isEdited: true, state: 'REPLAYED' as const }
  await deadLetters.updateOne({ _id: own?._id as Id }, { $set: edited })
  await erase(contactId)
  expect(await traces(phone)).toEqual([])
})

test('[F55] an erasure deletes the stored answers about leads and notes', async () => {
  const phone = '212661930021'
  const person = { phone: `+${phone}`, name: `Person ${phone}` }
  const key = (name: string) => ({ 'idempotency-key': `${name}-of-${phone}` })
  const contact = (await call('POST', '/contacts', 'manager', person, key('contact'))).body
  const lead = (await call('POST', '/leads', 'agent', person, key('lead'))).body
  const note = { content: `secret of ${phone}` }
  expect((await call('POST', `/leads/${lead.id}/notes`, 'agent', note, key('note'))).status).toBe(201)
  expect((await traces(phone)).toSorted()).toEqual(['contacts', 'idempotencyKeys', 'leads', 'notes'])
  await erase(contact.id)
  expect(await traces(phone)).toEqual([])
})

test('[F55] a check finds what a paused process wrote after the erasure; the last one is in the audit log', async () => {
  const phone = '212661930023'
  const { contactId, conversationId } = await personWith(phone)
  const { store } = gateway
  const row = await store.raw.webhookEvents.findOne(
    { tenantId, payload: { $exists: true }, eventType: 'message' },
    { sort: { processedAt: -1 } },
  )
  const event = await store.raw.events.findOne({ tenantId, conversationId: toId(conversationId), name: 'message:received' })
  const message = await store.raw.messages.findOne({ tenantId, conversationId: toId(conversationId) })
  await erase(contactId)
  const { seq: _seq, ...late } = event as NonNullable<typeof event>
  await store.raw.events.insertOne({ ...late, _id: 'r:late' })
  await store.raw.webhookEvents.insertOne({
    ...(row as NonNullable<typeof row>),
    _id: messageEventId('wamid.late'),
    processedAt: new Date(),
  })
  const { seq: _, ...stored } = message as MessageDoc
  await store.raw.messages.insertOne({ ...stored, _id: newId(), wamid: wamidOf(phone, ++wamids) })
  await letter(phone, inbound(phone))
  const writeNote = () =>
    store.raw.notes.insertOne({
      _id: newId(),
      tenantId,
      conversationId: toId(conversationId),
      leadId: null,
      text: `note ${phone}`,
      isPrivate: true,
      createdAt: new Date(),
      updatedAt: new Date(),
    })
  await writeNote()
  expect((await traces(phone)).length).toBeGreaterThan(4)
  await checkAt(3 * MINUTE_MS)
  expect(await traces(phone)).toEqual([])
  const erasure = { tenantId, _id: toId(contactId) }
  expect(await store.raw.erasures.findOne(erasure)).toMatchObject({ checks: 1 })
  await writeNote()
  await checkAt(2 * DAY_MS)
  await checkAt(32 * DAY_MS)
  expect(await store.raw.erasures.findOne(erasure)).toBeNull()
  const audited = await store.raw.auditLog.findOne({ tenantId, action: 'contacts.erasureChecked', 'object.id': contactId })
  expect(audited).toMatchObject({ actor: { kind: 'system' }, changes: { notes: { after: 0 }, messages: { after: 0 } } })
  expect(await traces(phone)).toEqual([])
})

test('[F55] nothing of a person is left anywhere after an erasure with everything in flight', async () => {
  const phone = '212661930040'
  const { store, storage } = gateway.deps
  const { contactId, conversationId } = await personWith(phone)
  const own = { tenantId, conversationId: toId(conversationId) }
  const key = { 'idempotency-key': `key-of-${phone}` }
  const text = `secret of ${phone}`

  // At rest, or on its way.
  await call('POST', `/conversations/${conversationId}/notes`, 'agent', { text }, key)
  await call('PATCH', `/contacts/${contactId}`, 'agent', { name: `Person ${phone}`, attributes: { note: text } })
  await record(inbound(phone, { type: 'image', image: { id: '99', mime_type: 'image/jpeg', caption: text } }))
  const image = (await store.raw.messages.findOne({ ...own, type: 'image' })) as MessageDoc
  const done = await sent(conversationId, text, { wamid: wamidOf(phone, ++wamids), status: 'SENT', dispatch: null })
  const going = await inHand(await sent(conversationId, text))
  await inHand(await sent(conversationId, text), 'UNKNOWN')
  const sendAt = new Date(Date.now() + DAY_MS).toISOString()
  expect((await call('POST', '/messages/send', 'agent', { conversationId, text, sendAt })).status).toBe(202)
  await letter(phone, inbound(phone))
  await record(status(phone, wamidOf(phone, 900))) // parked
  const waiting = [inbound(phone), status(phone, done.wamid as string, String(done._id)), status(phone, wamidOf(phone, 901))]
  const list = await draft()
  await give(list, `to,name\n+${phone},Person ${phone}\n`)
  expect((await traces(phone)).length).toBeGreaterThan(8)

  beforeNextInsert(() => erase(contactId))
  await call('POST', '/messages/send', 'agent', { conversationId, text }, { 'idempotency-key': `meets-${phone}` })

  // What comes after the erasure.
  for (const body of waiting) await record(body)
  await finishMessages(store, [answerTo(going, { kind: 'sent', wamid: wamidOf(phone, ++wamids), note: null }, text)])
  for (let rest = 1; rest > 0; ) rest = await checkAudience()
  const file = mediaKey(tenantId, image.content.media?.id)
  await storage.put(file, Readable.from([Buffer.from(text)]), { contentType: 'image/jpeg' })
  expect(await settleMedia(store, image, ['PENDING'], { state: 'STORED', filename: text })).toBe(false)
  await storage.delete(file)
  await gateway.project()
  await checkAt(3 * MINUTE_MS)
  expect(await traces(phone)).toEqual([])
  await checkAt(32 * DAY_MS)
  await checkAt(32 * DAY_MS)
  expect(await traces(phone)).toEqual([])
  expect(await store.raw.erasures.countDocuments({ tenantId, _id: toId(contactId) })).toBe(0)
})

import { Readable } from 'node:stream'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { DEMO_TENANTS } from '#deploy/demo/world.ts'
import { deleteDiscardedFiles } from '#services/ingest/background/discarded-files.ts'
import { createRecording, newPace } from '#services/ingest/recorder/recorder.ts'
import { emptyOldMessages } from '#services/sender/background/empty-old-messages.ts'
import { createRoundRobin } from '#services/sender/background/round-robin.ts'
import type { Id, MessageDoc } from '#shared/model/documents.ts'
import { toId } from '#shared/model/ids.ts'
import { mediaKey } from '#shared/storage/open.ts'
import { beginRebuild, findAnalyticsState } from '#shared/store/analytics/states.ts'
import type { SentCommand, Store } from '#shared/store/connect.ts'
import { latestSeq } from '#shared/store/events/sequence.ts'
import { countAll, numberEvents } from '#test/support/count-events.ts'
import { explainAll } from '#test/support/explain.ts'
import { tracesOf } from '#test/support/traces.ts'
import { createWorld } from '#test/support/world.ts'
import { deliveryOf } from '#test/support/worlds/fixtures.ts'
import { type Gateway, openGateway, type Person } from '#test/support/worlds/gateway.ts'
import { log } from '#test/support/worlds/ingest.ts'
import { TEMPLATE } from '#test/support/worlds/road.ts'

const DAY_MS = 24 * 3_600_000
const PHONE = '212661840001'
const WORDS = 'the word nobody keeps'
const OTHERS = 'what the other account keeps'
/** The messages of this test are written now; the job runs on these later days. */
const inDays = (days: number) => new Date(Date.now() + days * DAY_MS)

const stack = new AsyncDisposableStack()
const commands: SentCommand[] = []
let gateway: Gateway
let store: Store
let demo: Id
let other: Id
let record: (message: object, tenant?: keyof typeof DEMO_TENANTS) => Promise<void>

beforeAll(async () => {
  gateway = stack.use(await openGateway(stack.use(await createWorld()), {}, command => commands.push(command)))
  store = gateway.store
  demo = await tenantOf('demo')
  other = await tenantOf('other')
  const events = { publish: async () => undefined, settled: async () => undefined }
  const recording = createRecording({ store, queue: gateway.queue, log, events, pace: newPace() })
  record = async (message, tenant = 'demo') => void (await recording([deliveryOf(webhook(message, tenant), new Date())]))
})
afterAll(() => stack.disposeAsync())

async function tenantOf(name: keyof typeof DEMO_TENANTS): Promise<Id> {
  const number = await store.raw.clients.findOne({ phoneNumberId: DEMO_TENANTS[name].phoneNumberId })
  return number?.tenantId as Id
}

function webhook(message: object, tenant: keyof typeof DEMO_TENANTS) {
  const { phoneNumberId, wabaId } = DEMO_TENANTS[tenant]
  const contacts = [{ wa_id: PHONE, profile: { name: 'Nadia' } }]
  const timestamp = String(Math.floor(Date.now() / 1000))
  const value = { metadata: { phone_number_id: phoneNumberId }, contacts, messages: [{ from: PHONE, timestamp, ...message }] }
  return { entry: [{ id: wabaId, changes: [{ field: 'messages', value }] }] }
}

const textOf = (id: string, more: object = {}) => ({ id, type: 'text', text: { body: WORDS }, ...more })
const call = (method: string, path: string, as: Person = 'admin', body?: object) =>
  gateway.call(method, `/api/v1${path}`, { as, body })
const rowOf = async (wamid: string, tenantId = demo) => (await store.raw.messages.findOne({ tenantId, wamid })) as MessageDoc
const messages = (tenantId: Id, filter: object = {}) => store.raw.messages.countDocuments({ tenantId, ...filter })
const auditRows = () => store.raw.auditLog.find({ action: 'tenants.messagesEmptied' }).sort({ at: 1 }).toArray()

/** One round of the job on a later day. */
const round = (days: number, limit?: number, of: Store = store) =>
  emptyOldMessages(
    { store: of, clock: { now: () => inDays(days) }, log, roundRobin: createRoundRobin(of, log) },
    () => true,
    limit,
  )
async function run(days: number): Promise<void> {
  for (let found = 1; found > 0; ) found = await round(days)
}

async function putFile(file: MessageDoc): Promise<string> {
  const key = mediaKey(file.tenantId, file.content.media?.id)
  await gateway.deps.storage.put(key, Readable.from([Buffer.from('bytes')]), { contentType: 'image/jpeg' })
  await store.raw.messages.updateOne({ tenantId: demo, _id: file._id }, { $set: { 'content.media.state': 'STORED' } })
  return key
}

/** Counters without their generation, to be compared. */
async function counters(): Promise<unknown> {
  const cells = await store.raw.analyticsCells.find({ tenantId: demo }).toArray()
  return cells.map(({ _id, generation, tenantId, ...cell }) => JSON.stringify(cell)).toSorted()
}

async function countAnew(): Promise<unknown> {
  const state = await findAnalyticsState(store, demo)
  await beginRebuild(store, demo, state?.timezone ?? 'UTC', await latestSeq(store, String(demo)))
  await countAll(store)
  return await counters()
}

describe('[18] an account that keeps messages for thirty days', () => {
  const kept = { conversation: '', message: '', file: '' }
  let counted: unknown

  beforeAll(async () => {
    await record(textOf('wamid.old.1'))
    await record({ id: 'wamid.old.2', type: 'image', image: { id: '99', mime_type: 'image/jpeg', caption: WORDS } })
    await record({ id: 'wamid.react', type: 'reaction', reaction: { message_id: 'wamid.old.1', emoji: '👍' } })
    await record({ ...textOf('wamid.other.1'), text: { body: OTHERS } }, 'other')
    const conversation = (await call('GET', `/conversations?q=${PHONE}`)).body.data[0]
    kept.conversation = conversation.id
    kept.file = await putFile(await rowOf('wamid.old.2'))
    const answer = await call('POST', '/messages/send', 'agent', { conversationId: conversation.id, text: WORDS })
    const template = await call('POST', '/messages/send-template', 'agent', {
      to: PHONE,
      ...TEMPLATE,
      variables: ['Salma', WORDS],
    })
    expect([answer.status, template.status]).toEqual([202, 202])
    kept.message = template.body.id
    // No sender runs here: they went out, and the template failed.
    const sent = { dispatch: null, status: 'SENT' as const }
    await store.raw.messages.updateMany({ tenantId: demo, dispatch: { $ne: null } }, { $set: sent })
    const error = {
      code: 131026,
      title: 'Undeliverable',
      detail: WORDS,
      sentence: 'No.',
      nextStep: 'Check.',
      source: 'meta' as const,
    }
    await store.raw.messages.updateOne({ tenantId: demo, _id: toId(kept.message) }, { $set: { status: 'FAILED', error } })
    await numberEvents(store)
    await countAll(store)
    counted = await countAnew()
  })

  test('keeps everything while nobody has set a number of days', async () => {
    expect(await round(4000)).toBe(0)
    expect(await messages(demo, { emptiedAt: { $ne: null } })).toBe(0)
    expect((await call('GET', '/settings')).body.keepMessagesDays).toBeNull()
  })

  test('keeps what is younger, and says in the audit log who set it', async () => {
    expect((await call('PUT', '/settings', 'admin', { keepMessagesDays: 30 })).body.keepMessagesDays).toBe(30)
    expect((await call('PUT', '/settings', 'manager', { keepMessagesDays: 60 })).status).toBe(403)
    const [row] = await store.raw.auditLog.find({ action: 'tenants.settings' }).toArray()
    expect(row?.changes).toEqual({ keepMessagesDays: { before: null, after: 30 } })
    await run(29)
    expect(await rowOf('wamid.old.1')).toMatchObject({ content: { text: WORDS } })
    expect((await rowOf('wamid.old.1')).emptiedAt).toBeUndefined()
  })

  test('a batch that dies before its end has done nothing', async () => {
    const before = await messages(demo, { emptiedAt: { $ne: null } })
    const dies = { ...store.raw.discardedFiles, bulkWrite: () => Promise.reject(new Error('killed')) }
    const killed = { ...store, raw: { ...store.raw, discardedFiles: dies } } as unknown as Store
    await round(60, 5000, killed)
    expect(await messages(demo, { emptiedAt: { $ne: null } })).toBe(before)
    expect((await call('GET', `/conversations?q=${PHONE}`)).body.data[0].lastMessage).not.toBeNull()
    expect(await store.raw.discardedFiles.countDocuments()).toBe(0)
  })

  test('a run that stops between batches is continued, and is one entry of the audit log', async () => {
    const before = await auditRows()
    const all = await messages(demo)
    const done = await messages(demo, { emptiedAt: { $ne: null } })
    expect(await round(60, 3)).toBe(3)
    const some = await messages(demo, { emptiedAt: { $ne: null } })
    expect(some).toBeLessThan(all)
    expect(await auditRows()).toHaveLength(before.length)
    commands.length = 0
    await run(60)
    const sent = [...commands]
    expect(await messages(demo, { emptiedAt: null })).toBe(0)
    const rows = (await auditRows()).slice(before.length)
    const beforeDay = new Date(Math.floor(inDays(30).getTime() / DAY_MS) * DAY_MS).toISOString().slice(0, 10)
    expect(rows).toMatchObject([
      {
        tenantId: demo,
        actor: { kind: 'system' },
        object: { kind: 'tenant', id: String(demo) },
        changes: { messages: { after: all - done }, beforeDay: { after: beforeDay } },
      },
    ])
    const explained = await explainAll(store, sent)
    expect(explained.map(({ what }) => what).join('\n')).toContain('find messages')
    expect(explained.filter(({ isScan }) => isScan).map(({ what }) => what)).toEqual([])
  })

  test('nothing of what the messages said is left, and all that is counted by', async () => {
    const [conversation] = (await call('GET', `/conversations?q=${PHONE}`)).body.data
    expect(conversation).toMatchObject({ id: kept.conversation, lastMessage: { text: null }, messageCount: expect.any(Number) })
    const { data } = (await call('GET', `/conversations/${kept.conversation}/messages`)).body
    expect(data.length).toBeGreaterThanOrEqual(4)
    for (const message of data)
      expect(message).toMatchObject({
        content: { text: null, media: null, data: null },
        ...{ reactions: [], emptiedAt: expect.any(String), cost: message.cost },
      })
    expect((await rowOf('wamid.old.1')).contactKey).toBe(PHONE)
    const search = await call('GET', `/messages?q=${encodeURIComponent(WORDS)}`, 'manager')
    expect([search.status, search.body.data]).toEqual([200, []])
    const template = data.find(({ id }: { id: string }) => id === kept.message)
    expect(template).toMatchObject({
      content: { template: { name: TEMPLATE.templateName, language: TEMPLATE.language, variables: {} } },
      ...{ status: 'FAILED', error: { code: 131026, detail: null } },
    })
    const places = await tracesOf(store, [WORDS])
    // A day's events and answers, and a month's webhooks, end by themselves.
    expect(places.filter(place => !['events', 'idempotencyKeys', 'webhookEvents'].includes(place))).toEqual([])
    expect(await messages(demo, { 'content.text': { $ne: null } })).toBe(0)
  })

  test('reports stay as they were, also when they are built anew', async () => {
    expect(await counters()).toEqual(counted)
    const anew = await countAnew()
    expect(anew).toEqual(counted)
  })

  test('the files go when nothing else uses them', async () => {
    const { storage } = gateway.deps
    const isThere = async () => (await tracesOf(store, ['bytes'])).includes('files')
    expect(await isThere()).toBe(true)
    await deleteDiscardedFiles({ store, storage, now: () => inDays(61) })
    expect(await isThere()).toBe(false)
    expect(await store.raw.discardedFiles.countDocuments()).toBe(0)
  })

  test('another account keeps its messages', async () => {
    expect(await rowOf('wamid.other.1', other)).toMatchObject({ content: { text: OTHERS } })
    expect(await messages(other, { emptiedAt: { $ne: null } })).toBe(0)
  })

  test('a second run finds nothing and says nothing', async () => {
    const before = await auditRows()
    expect(await round(60)).toBe(0)
    await run(61)
    expect(await auditRows()).toHaveLength(before.length)
  })

  test('an emptied message takes no edit and no reaction, and is not sent again', async () => {
    const edited = { type: 'text', text: { body: WORDS } }
    await record({ id: 'wamid.edit', type: 'edit', edit: { original_message_id: 'wamid.old.1', message: edited } })
    await record({ id: 'wamid.react.2', type: 'reaction', reaction: { message_id: 'wamid.old.1', emoji: '🙏' } })
    expect(await rowOf('wamid.old.1')).toMatchObject({ content: { text: null }, reactions: [] })
    const retried = await call('POST', `/messages/by-id/${kept.message}/retry`, 'agent', {})
    expect([retried.status, retried.body.errorCode]).toEqual([409, 'NOT_FAILED'])
  })

  test('what comes with an old time, or ends late, is emptied by the next run', async () => {
    const past = String(Math.floor(Date.now() / 1000) - 200 * 24 * 3600)
    await record(textOf('wamid.late', { timestamp: past }))
    await record(textOf('wamid.waiting'))
    const waiting = { state: 'UNKNOWN', priority: 'chat', attempt: 1 } as unknown as MessageDoc['dispatch']
    const ofWaiting = { tenantId: demo, wamid: 'wamid.waiting' }
    await store.raw.messages.updateOne(ofWaiting, { $set: { dispatch: waiting } })
    expect(await rowOf('wamid.late')).toMatchObject({ isLate: true })
    await run(62)
    expect(await rowOf('wamid.late')).toMatchObject({ content: { text: null } })
    expect((await rowOf('wamid.late')).isLate).toBeUndefined()
    expect(await rowOf('wamid.waiting')).toMatchObject({ content: { text: WORDS }, isLate: true })
    await store.raw.messages.updateOne(ofWaiting, { $set: { dispatch: null } })
    await run(63)
    expect(await rowOf('wamid.waiting')).toMatchObject({ content: { text: null } })
    expect((await auditRows()).slice(-2).map(({ changes }) => changes.messages?.after)).toEqual([1, 1])
  })

  test('a run whose setting is taken back ends where it is, with its entry', async () => {
    await record(textOf('wamid.last.1'))
    await record(textOf('wamid.last.2'))
    const before = await auditRows()
    expect(await round(64, 1)).toBe(1)
    await call('PUT', '/settings', 'admin', { keepMessagesDays: null })
    await run(65)
    expect((await auditRows()).slice(before.length).map(({ changes }) => changes.messages?.after)).toEqual([1])
    expect(await rowOf('wamid.last.2')).toMatchObject({ content: { text: WORDS } })
  })

  test('an erasure of the person still takes the rest', async () => {
    const { id } = (await call('GET', `/contacts?q=${PHONE}`)).body.data[0]
    const { _id } = await rowOf('wamid.old.1')
    expect((await call('DELETE', `/contacts/${id}`)).status).toBe(200)
    const row = await store.raw.messages.findOne({ tenantId: demo, _id })
    expect(row).toMatchObject({ wamid: null, erasedAt: expect.any(Date), contactKey: expect.stringMatching(/^erased:/) })
  })
})

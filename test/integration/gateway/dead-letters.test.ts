import { Types } from 'mongoose'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { DEMO_TENANTS } from '#deploy/demo/world.ts'
import { countOpenDeadLetters } from '#services/ingest/background/count-dead-letters.ts'
import { startDeadLetterConsumer } from '#services/ingest/recorder/dead-letters.ts'
import { startRecorder } from '#services/ingest/recorder/recorder.ts'
import { MESSAGE_TYPE } from '#shared/contracts/message-types.ts'
import { messageEventId } from '#shared/meta/webhook.ts'
import type { Id, MessageDoc } from '#shared/model/documents.ts'
import { metricsPage } from '#shared/process/metrics.ts'
import { EXCHANGES, QUEUES, webhookKeys } from '#shared/queue/topology.ts'
import { PublishError } from '#shared/queue/types.ts'
import { sendJobFor } from '#shared/store/dispatch/take.ts'
import { type NewDeadLetter, storeDeadLetter } from '#shared/store/webhooks/dead-letters.ts'
import { untilPasses } from '#test/support/until.ts'
import { inboundOf } from '#test/support/webhooks.ts'
import { createWorld } from '#test/support/world.ts'
import { type Gateway, openGateway, PEOPLE, type Person } from '#test/support/worlds/gateway.ts'
import { log } from '#test/support/worlds/ingest.ts'
import { userByEmail } from '#test/support/worlds/realtime.ts'

const stack = new AsyncDisposableStack()
let gateway: Gateway
let demo: Id
let other: Id
/** Ids of messages that came out of the chat queue. */
const enqueued: (string | null)[] = []
beforeAll(async () => {
  gateway = stack.use(await openGateway(stack.use(await createWorld())))
  demo = (await userByEmail(gateway.store, PEOPLE.agent)).tenantId
  other = (await userByEmail(gateway.store, PEOPLE.other)).tenantId
  const { store, queue } = gateway
  stack.use(await startRecorder({ store, queue, log }))
  stack.use(await startDeadLetterConsumer({ store, queue, log }))
  const collect = async ({ messageId }: { messageId: string | null }) => {
    enqueued.push(messageId)
    return { kind: 'done' as const }
  }
  stack.use(await queue.consume(QUEUES.chat, collect, { prefetch: 10 }))
})
afterAll(() => stack.disposeAsync())
beforeEach(async () => {
  await gateway.store.raw.deadLetters.deleteMany({})
  enqueued.length = 0
})

const get = (path: string, as: Person = 'manager') => gateway.call('GET', `/api/v1/dead-letters${path}`, { as })
const post = (path: string, body: object = {}, as: Person = 'manager') =>
  gateway.call('POST', `/api/v1/dead-letters${path}`, { as, body })
const deadLetterNamed = (id: string) => gateway.store.raw.deadLetters.findOne({ _id: new Types.ObjectId(id) })
const open = (filter: object = {}) => gateway.store.raw.deadLetters.findOne({ state: 'NEW', ...filter })

/** Stores a dead letter of the send job of a message of the tenant. */
async function keepSendJob(changes: Partial<NewDeadLetter> = {}): Promise<string> {
  const tenantId = changes.tenantId ?? demo
  const row = (await gateway.store.raw.messages.findOne({ tenantId, direction: 'OUTBOUND' })) as MessageDoc
  const messageId = changes.messageId ?? new Types.ObjectId().toHexString()
  await storeDeadLetter(gateway.store, {
    tenantId,
    queue: QUEUES.chat,
    exchange: EXCHANGES.send,
    routingKey: 'chat',
    type: MESSAGE_TYPE.sendJob,
    reason: 'attempts used up',
    error: 'TypeError: no row 7',
    attempt: 6,
    messageId,
    payload: JSON.stringify(sendJobFor(row)),
    headers: {},
    createdAt: new Date(),
    ...changes,
  })
  return String((await open({ messageId }))?._id)
}

const { phoneNumberId } = DEMO_TENANTS.demo
/** A message that MongoDB refuses to keep, until somebody takes the NUL out of it. */
const poison = (wamid: string, from: string, key = 'a\0b') => inboundOf(wamid, from, { type: 'hologram', hologram: { [key]: 1 } })

const eventOf = (wamid: string) => gateway.store.raw.webhookEvents.findOne({ _id: messageEventId(wamid) })

async function die(wamid: string, from: string): Promise<string> {
  const routingKey = webhookKeys.conversation(phoneNumberId, from)
  const body = poison(wamid, from)
  await gateway.queue.publish({ exchange: EXCHANGES.webhook, routingKey, type: MESSAGE_TYPE.webhook, body, messageId: wamid })
  await untilPasses(async () => expect(await eventOf(wamid)).toMatchObject({ status: 'FAILED' }))
  return String((await open({ messageId: messageEventId(wamid) }))?._id)
}

/** A dead letter of an account's event, and what somebody makes of it. */
const accountBody = (event: string) => ({
  object: 'whatsapp_business_account',
  entry: [
    {
      id: DEMO_TENANTS.demo.wabaId,
      time: Math.floor(Date.now() / 1000),
      changes: [{ field: 'account_update', value: { event, ban_info: { waba_ban_state: 'DISABLE', waba_ban_date: 'x' } } }],
    },
  ],
})

describe('the event of an account in which another company has a number', () => {
  const { wabaId } = DEMO_TENANTS.demo
  beforeAll(async () => {
    await gateway.store.raw.clients.updateOne({ phoneNumberId: DEMO_TENANTS.other.phoneNumberId }, { $set: { wabaId } })
  })
  afterAll(async () => {
    const own = { phoneNumberId: DEMO_TENANTS.other.phoneNumberId }
    await gateway.store.raw.clients.updateOne(own, { $set: { wabaId: DEMO_TENANTS.other.wabaId } })
  })
  const died = () =>
    keepSendJob({
      queue: QUEUES.account,
      exchange: EXCHANGES.webhook,
      routingKey: 'account',
      type: MESSAGE_TYPE.webhook,
      messageId: new Types.ObjectId().toHexString(),
      payload: JSON.stringify(accountBody('ACCOUNT_VIOLATION')),
    })
  const edited = { payload: JSON.stringify(accountBody('DISABLED_UPDATE')) }

  test('[F44] is not replayed by a manager of one company, edited or as it is', async () => {
    const id = await died()
    for (const body of [edited, { ...edited, dryRun: true }, {}]) {
      const answer = await post(`/${id}/replay`, body)
      expect([answer.status, answer.body.detail]).toEqual([
        'payload' in body ? 422 : 409,
        expect.stringContaining('Only a platform admin can replay it'),
      ])
    }
    expect(await deadLetterNamed(id)).toMatchObject({ state: 'NEW' })
  })

  test('is replayed by a platform admin', async () => {
    const id = await died()
    const { status, body } = await post(`/${id}/replay`, { ...edited, dryRun: true }, 'platform')
    expect([status, body.data[0].outcome]).toEqual([200, 'processed'])
  })
})

describe('a webhook that died', () => {
  test('[F33] is seen with its cause, opened with its payload, and has its effect once it is mended', async () => {
    const id = await die('wamid.mend', '212661700001')
    const { body: listed } = await get('?source=webhook')
    expect(listed.data).toMatchObject([{ id, source: 'webhook', state: 'NEW', reason: 'storing it failed', edited: false }])
    expect(JSON.stringify(listed)).not.toContain('hologram')
    const { body: opened } = await get(`/${id}`)
    expect(opened).toMatchObject({ exchange: EXCHANGES.webhook, original: null, history: [], related: [] })
    expect(JSON.parse(opened.payload)).toEqual(poison('wamid.mend', '212661700001'))

    expect((await post(`/${id}/replay`)).body.data).toEqual([{ id, outcome: 'replayed', reason: null }])
    await untilPasses(async () => expect(await open({ messageId: messageEventId('wamid.mend') })).not.toBeNull())
    const next = String((await open({ messageId: messageEventId('wamid.mend') }))?._id)
    expect((await get(`/${next}`)).body.related).toMatchObject([{ id, state: 'REPLAYED' }])

    const payload = JSON.stringify(poison('wamid.mend', '212661700001', 'ab'))
    const dry = await post(`/${next}/replay`, { payload, dryRun: true })
    expect([dry.status, dry.body.data]).toEqual([200, [{ id: next, outcome: 'processed', reason: null }]])
    expect(dry.body.changes.map(({ kind }: { kind: string }) => kind)).toContain('message')
    expect((await post(`/${next}/replay`, { payload })).status).toBe(202)
    await untilPasses(async () => expect(await eventOf('wamid.mend')).toMatchObject({ status: 'PROCESSED' }))
    expect(await gateway.store.raw.messages.countDocuments({ wamid: 'wamid.mend' })).toBe(1)
    const { body: done } = await get(`/${next}`)
    expect(done).toMatchObject({ state: 'REPLAYED', edited: true, payload, original: opened.payload })
    expect(done.history).toMatchObject([{ action: 'replayed', by: { name: 'Demo Manager' }, detail: 'with an edited payload' }])
    const traces = await gateway.store.raw.auditLog.find({ 'object.id': next }).toArray()
    expect(traces).toMatchObject([
      {
        action: 'deadLetters.replay',
        tenantId: demo,
        changes: { state: { before: 'NEW', after: 'REPLAYED' }, payload: { before: /^sha256:/, after: /^sha256:/ } },
      },
    ])
    expect(JSON.stringify(traces)).not.toContain('hologram')
  }, 240_000)

  test('is not sent again when its event has been processed meanwhile', async () => {
    const id = await die('wamid.done', '212661700002')
    await gateway.store.raw.webhookEvents.updateOne({ _id: messageEventId('wamid.done') }, { $set: { status: 'PROCESSED' } })
    expect((await post(`/${id}/replay`)).body.data[0]).toMatchObject({ outcome: 'unchanged' })
    expect(await deadLetterNamed(id)).toMatchObject({ state: 'REPLAYED' })
  }, 240_000)

  test("is never edited into another tenant's", async () => {
    const id = await die('wamid.theirs', '212661700003')
    const theirs = JSON.stringify(poison('wamid.new', '212661700003', 'ab')).replace(
      phoneNumberId,
      DEMO_TENANTS.other.phoneNumberId,
    )
    const { status, body } = await post(`/${id}/replay`, { payload: theirs })
    expect([status, body.errorCode, body.errors[0].message]).toEqual([
      422,
      'PAYLOAD_INVALID',
      'The number is not connected to this account.',
    ])
    await gateway.store.raw.webhookEvents.insertOne({
      _id: messageEventId('wamid.foreign'),
      tenantId: other,
      phoneNumberId: null,
      wabaId: null,
      eventType: 'message',
      field: 'messages',
      payload: {},
      status: 'FAILED',
      reason: null,
      attempts: 1,
      receivedAt: new Date(),
      processedAt: null,
    })
    const event = await post(`/${id}/replay`, { payload: JSON.stringify(poison('wamid.foreign', '212661700003', 'ab')) })
    expect(event.body.detail).toContain('The event does not belong to this account.')
  }, 240_000)
})

describe('a replay', () => {
  test('puts a message back once, however often and by how many it is asked for', async () => {
    const id = await keepSendJob()
    const { messageId } = (await deadLetterNamed(id)) as { messageId: string }
    const answers = await Promise.all(Array.from({ length: 5 }, () => post(`/${id}/replay`)))
    expect(answers.filter(({ status }) => status === 202)).toHaveLength(1)
    expect((await post(`/${id}/replay`)).body.data).toEqual([
      { id, outcome: 'unchanged', reason: 'The dead letter has already been replayed.' },
    ])
    const last = await keepSendJob()
    await post(`/${last}/replay`)
    await untilPasses(async () => expect(enqueued).toContain((await deadLetterNamed(last))?.messageId))
    expect(enqueued.filter(one => one === messageId)).toHaveLength(1)
  })

  test('that the broker does not take leaves the dead letter open', async () => {
    const id = await keepSendJob()
    const { queue } = gateway.deps
    gateway.deps.queue = { ...queue, publish: () => Promise.reject(new PublishError('disconnected', 'away')) } as typeof queue
    expect((await post(`/${id}/replay`)).status).toBe(503)
    gateway.deps.queue = queue
    expect(await deadLetterNamed(id)).toMatchObject({ state: 'NEW', history: [{ action: 'returned' }] })
    expect((await post(`/${id}/replay`)).status).toBe(202)
  })

  test('that died with its gateway can be asked for again after a minute', async () => {
    const id = await keepSendJob()
    const claimed = (ago: number) =>
      gateway.store.raw.deadLetters.updateOne(
        { _id: new Types.ObjectId(id) },
        { $set: { state: 'REPLAYING', claim: 'x', settledAt: new Date(Date.now() - ago) } },
      )
    await claimed(5000)
    expect((await post(`/${id}/replay`)).body).toMatchObject({ errorCode: 'NOT_REPLAYABLE' })
    await claimed(61_000)
    expect((await post(`/${id}/replay`)).status).toBe(202)
  })

  test('of an edited send job is sent only as its row says', async () => {
    const id = await keepSendJob({ payload: '{"v":0}', reason: 'not a send job' })
    const row = (await gateway.store.raw.messages.findOne({ tenantId: demo, direction: 'OUTBOUND' })) as MessageDoc
    const theirs = (await gateway.store.raw.messages.findOne({ tenantId: other })) as MessageDoc
    const refused = async (payload: string) => (await post(`/${id}/replay`, { payload })).body
    expect((await post(`/${id}/replay`)).body.errorCode).toBe('NOT_REPLAYABLE')
    expect((await refused('{nonsense')).detail).toContain('it is not valid JSON')
    expect((await refused('{"v":1}')).errors[0].message).toContain('messageId')
    expect((await refused(JSON.stringify(sendJobFor(theirs)))).detail).toContain('does not belong to this account')
    expect((await refused(JSON.stringify({ ...sendJobFor(row), phoneNumberId: '1' }))).detail).toContain('phoneNumberId')
    expect((await post(`/${id}/replay`, { payload: JSON.stringify(sendJobFor(row)) })).status).toBe(202)
  })

  test('of edited events is for platform admins', async () => {
    const event = (text: string) => ({
      eventId: 'e1',
      tenantId: String(demo),
      name: 'message:sent',
      at: '2026-11-20T10:00:00Z',
      clientId: null,
      conversationId: null,
      userId: null,
      payload: { text },
      v: 1,
    })
    const body = (text: string) => JSON.stringify({ v: 1, events: [event(text)] })
    const at = { exchange: EXCHANGES.event, queue: QUEUES.realtime[0] as string, routingKey: '0.mixed' }
    const id = await keepSendJob({ ...at, type: MESSAGE_TYPE.events, payload: body('a') })
    expect((await post(`/${id}/replay`, { payload: body('b') })).body.errorCode).toBe('PAYLOAD_INVALID')
    const moved = body('b').replace(String(demo), String(other))
    expect((await post(`/${id}/replay`, { payload: moved }, 'platform')).status).toBe(422)
    expect((await post(`/${id}/replay`, { payload: body('b') }, 'platform')).status).toBe(202)
  })
})

describe('many dead letters', () => {
  test('are grouped by cause, previewed, and replayed page by page without those that die meanwhile', async () => {
    const ids: string[] = []
    for (let i = 0; i < 5; i++)
      ids.push(await keepSendJob({ error: `TypeError: no row ${i}`, createdAt: new Date(1_795_000_000_000) }))
    await keepSendJob({ reason: 'something else', error: null })
    const { body } = await get('/groups')
    expect(body.isWhole).toBe(true)
    expect(body.data.map(({ cause, count }: { cause: string; count: number }) => [cause, count])).toEqual([
      ['attempts used up: TypeError: no row #', 5],
      ['something else', 1],
    ])
    const input = { cause: body.data[0].cause, limit: 3 }
    const dry = await post('/replay', { ...input, dryRun: true })
    expect([dry.body.total, dry.body.data.length, enqueued]).toEqual([5, 3, []])
    const first = await post('/replay', input)
    await keepSendJob({ error: 'TypeError: no row 9', createdAt: new Date(Date.now() + 1000) })
    const second = await post('/replay', { ...input, cursor: first.body.nextCursor })
    expect([...first.body.data, ...second.body.data].map(({ id }) => id)).toEqual(ids)
    expect([first.body.hasMore, second.body.hasMore, second.body.nextCursor]).toEqual([true, false, null])
    await untilPasses(() => expect(enqueued).toHaveLength(5))
    expect(await gateway.store.raw.auditLog.countDocuments({ 'object.id': { $in: ids }, action: 'deadLetters.replay' })).toBe(5)
    expect((await post('/replay', { ...input, cursor: 'nonsense' })).body.errorCode).toBe('CURSOR_INVALID')
  })

  test('are discarded with a reason, and stay so', async () => {
    const [one, two, three] = [await keepSendJob(), await keepSendJob(), await keepSendJob({ reason: 'other' })]
    expect((await post(`/${one}/discard`, {})).status).toBe(400)
    const { body } = await post(`/${one}/discard`, { reason: 'sent by hand' })
    expect(body).toMatchObject({ state: 'DISCARDED', history: [{ action: 'discarded', detail: 'sent by hand' }] })
    expect((await post(`/${one}/discard`, { reason: 'twice' })).body.history).toHaveLength(1)
    expect((await post(`/${one}/replay`)).body.errorCode).toBe('NOT_REPLAYABLE')
    const input = { cause: 'attempts used up: TypeError: no row #', reason: 'all of them' }
    expect((await post('/discard', { ...input, dryRun: true })).body.data).toEqual([{ id: two }])
    expect((await deadLetterNamed(two))?.state).toBe('NEW')
    expect((await post('/discard', input)).body.data).toEqual([{ id: two }])
    await post(`/${three}/replay`)
    expect((await post(`/${three}/discard`, { reason: 'late' })).body.errorCode).toBe('DEAD_LETTER_SETTLED')
    const auditEntries = await gateway.store.raw.auditLog.findOne({ 'object.id': two })
    expect(auditEntries).toMatchObject({ action: 'deadLetters.discard', changes: { reason: { after: 'all of them' } } })
  })

  test('are listed by cursor, each once, though they died at one moment', async () => {
    const createdAt = new Date()
    for (let i = 0; i < 5; i++) await keepSendJob({ createdAt })
    const ids: string[] = []
    for (let cursor: string | null = ''; cursor !== null; ) {
      const { body } = await get(`?limit=2&state=NEW${cursor && `&cursor=${cursor}`}`)
      ids.push(...body.data.map(({ id }: { id: string }) => id))
      cursor = body.nextCursor
    }
    expect([ids.length, new Set(ids).size]).toEqual([5, 5])
  })
})

test("a tenant's own are its managers', the rest the platform's", async () => {
  const [mine, theirs] = [await keepSendJob(), await keepSendJob({ tenantId: other })]
  const nobodys = await keepSendJob({ tenantId: null as never })
  await gateway.store.raw.deadLetters.updateOne({ _id: new Types.ObjectId(nobodys) }, { $set: { tenantId: null } })
  const ids = async (query: string, as: Person) => (await get(query, as)).body.data.map(({ id }: { id: string }) => id)
  expect((await get('', 'agent')).status).toBe(403)
  expect(await ids('', 'manager')).toEqual([mine])
  expect((await get('?scope=all', 'admin')).status).toBe(403)
  expect((await get('/groups?scope=unowned', 'admin')).status).toBe(403)
  expect((await post('/replay', { scope: 'all' }, 'admin')).status).toBe(403)
  expect((await ids('?scope=all&limit=2', 'platform')).toSorted()).toEqual([theirs, nobodys].toSorted())
  const { body } = await get('?scope=all&limit=2', 'platform')
  expect(await ids(`?scope=all&limit=2&cursor=${body.nextCursor}`, 'platform')).toEqual([mine])
  expect(await ids('?scope=unowned', 'platform')).toEqual([nobodys])
  expect((await post(`/${theirs}/discard`, { reason: 'x' }, 'admin')).status).toBe(404)
  expect((await post(`/${theirs}/discard`, { reason: 'x' }, 'platform')).status).toBe(200)
  expect(await gateway.store.raw.auditLog.findOne({ 'object.id': theirs })).toMatchObject({ tenantId: other })
})

test('what speaks of several tenants is shown to none of them, and open ones are counted', async () => {
  const event = { eventId: 'e', name: 'message:sent', at: new Date().toISOString(), payload: {} }
  const body = { v: 1, events: [demo, other].map(tenantId => ({ ...event, tenantId: String(tenantId) })) }
  const headers = { 'x-linko-reason': 'tried in vain', 'x-linko-origin-queue': QUEUES.realtime[0] as string }
  const envelope = { exchange: EXCHANGES.dead, routingKey: QUEUES.realtime[0] as string, type: MESSAGE_TYPE.events, headers }
  await gateway.queue.publish({ ...envelope, body, messageId: 'mixed', tenantId: String(demo) })
  await untilPasses(async () => expect(await open({ messageId: 'mixed' })).toMatchObject({ tenantId: null }))
  await gateway.queue.publish({
    ...envelope,
    body: { v: 1, events: [body.events[0]] },
    messageId: 'own',
    tenantId: String(demo),
  })
  await untilPasses(async () => expect(await open({ messageId: 'own' })).toMatchObject({ tenantId: demo }))
  await countOpenDeadLetters(gateway)
  expect((await metricsPage()).body).toContain(`linko_dead_letters_open{queue="${QUEUES.realtime[0]}"} 2`)
})

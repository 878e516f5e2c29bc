import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { DEMO_TENANTS } from '#deploy/demo/world.ts'
import { startRecorder } from '#services/ingest/recorder/recorder.ts'
import { MESSAGE_TYPE } from '#shared/contracts/message-types.ts'
import { messageEventId, parseWebhook } from '#shared/meta/webhook.ts'
import type { Id, WebhookEventDoc } from '#shared/model/documents.ts'
import { EXCHANGES, webhookKeys } from '#shared/queue/topology.ts'
import { PublishError } from '#shared/queue/types.ts'
import { storeDeadLetter } from '#shared/store/webhooks/dead-letters.ts'
import { untilPasses } from '#test/support/until.ts'
import { inboundOf } from '#test/support/webhooks.ts'
import { createWorld } from '#test/support/world.ts'
import { type Gateway, openGateway, PEOPLE, type Person } from '#test/support/worlds/gateway.ts'
import { log } from '#test/support/worlds/ingest.ts'
import { userByEmail } from '#test/support/worlds/realtime.ts'

const stack = new AsyncDisposableStack()
let gateway: Gateway
let demo: Id
beforeAll(async () => {
  gateway = stack.use(await openGateway(stack.use(await createWorld())))
  demo = (await userByEmail(gateway.store, PEOPLE.agent)).tenantId
  stack.use(await startRecorder({ store: gateway.store, queue: gateway.queue, log }))
})
afterAll(() => stack.disposeAsync())
beforeEach(async () => void (await gateway.store.raw.webhookEvents.deleteMany({})))

const { phoneNumberId, wabaId } = DEMO_TENANTS.demo
const inbound = (wamid: string, from: string, number?: string) =>
  inboundOf(wamid, from, { type: 'text', text: { body: wamid } }, number)

/** A stored event, as the recorder leaves it. */
async function keep(body: object, fields: Partial<WebhookEventDoc> = {}): Promise<string> {
  const [item] = parseWebhook(body, new Date('2026-11-20T10:00:00Z'))
  if (item === undefined) throw new Error('no event')
  await gateway.store.raw.webhookEvents.insertOne({
    _id: item.eventId,
    tenantId: demo,
    phoneNumberId: item.phoneNumberId,
    wabaId: item.wabaId,
    eventType: item.kind === 'account' ? 'account' : 'message',
    field: item.field,
    payload: item.payload,
    status: 'FAILED',
    reason: 'storing it failed',
    attempts: 1,
    receivedAt: item.receivedAt,
    processedAt: null,
    ...fields,
  })
  return item.eventId
}

const replay = (id: string, body: object = {}, as: Person = 'manager') =>
  gateway.call('POST', `/api/v1/webhook-events/${encodeURIComponent(id)}/replay`, { as, body })
const replayMany = (body: object, as: Person = 'manager') => gateway.call('POST', '/api/v1/webhook-events/replay', { as, body })
const rowOf = (id: string) => gateway.store.raw.webhookEvents.findOne({ _id: id })
const settled = (id: string, status: string) => untilPasses(async () => expect(await rowOf(id)).toMatchObject({ status }))
const count = (wamid: string) => gateway.store.raw.messages.countDocuments({ wamid })

describe('a failed event', () => {
  test('shows on paper what a replay would do, and nothing is written', async () => {
    const id = await keep(inbound('wamid.dry', '212661900001'))
    const { status, body } = await replay(id, { dryRun: true })
    expect([status, body.dryRun, body.data]).toEqual([200, true, [{ id, outcome: 'processed', reason: null }]])
    const made = body.changes.map(({ kind, action }: { kind: string; action: string }) => `${action} ${kind}`)
    expect(made.toSorted()).toEqual(['create contact', 'create conversation', 'create lead', 'create message'])
    const message = body.changes.find(({ kind }: { kind: string }) => kind === 'message')
    expect(message.fields).toMatchObject({ direction: { before: null, after: 'INBOUND' }, wamid: { after: 'wamid.dry' } })
    expect(body.events).toEqual({ 'message:received': 1, 'conversation:updated': 1 })
    expect([await count('wamid.dry'), (await rowOf(id))?.status]).toEqual([0, 'FAILED'])
  })

  test('gets its effect, once however often it is replayed, with an audit entry and without its dead letter', async () => {
    const id = await keep(inbound('wamid.again', '212661900002'))
    const deadLetter = { tenantId: demo, queue: 'q', exchange: '', routingKey: '', type: MESSAGE_TYPE.webhook, reason: 'x' }
    const kept = { ...deadLetter, error: null, attempt: 1, messageId: id, payload: '{}', headers: {}, createdAt: new Date() }
    await storeDeadLetter(gateway.store, kept)
    const first = await replay(id)
    expect([first.status, first.body.data]).toEqual([202, [{ id, outcome: 'replayed', reason: null }]])
    await settled(id, 'PROCESSED')
    expect(await rowOf(id)).toMatchObject({ attempts: 2, reason: null })
    const again = await replay(id)
    expect([again.status, again.body.data[0].outcome]).toEqual([200, 'unchanged'])
    expect((await replay(id, { dryRun: true })).body).toMatchObject({ changes: [], events: {} })
    expect(await count('wamid.again')).toBe(1)
    expect(await gateway.store.raw.deadLetters.findOne({ messageId: id })).toMatchObject({ state: 'REPLAYED' })
    expect(await gateway.store.raw.auditLog.countDocuments({ action: 'webhookEvents.replay', 'object.id': id })).toBe(2)
  })

  test('that nobody can read is refused', async () => {
    const id = await keep(inbound('wamid.bad', '212661900003'), { payload: { value: 'nonsense' } })
    expect((await replay(id)).body.errorCode).toBe('NOT_REPLAYABLE')
    expect((await rowOf(id))?.status).toBe('FAILED')
  })

  test('of a number that has moved to another tenant is refused', async () => {
    const id = await keep(inbound('wamid.moved', '212661900004', DEMO_TENANTS.other.phoneNumberId))
    const { status, body } = await replay(id)
    expect([status, body.errorCode]).toEqual([409, 'NOT_REPLAYABLE'])
    expect((await replayMany({})).body.data).toMatchObject([{ id, outcome: 'refused' }])
  })

  test('stands as before when the broker takes nothing', async () => {
    const id = await keep(inbound('wamid.away', '212661900005'))
    const { queue } = gateway.deps
    const publish = () => Promise.reject(new PublishError('disconnected', 'away'))
    gateway.deps.queue = { ...queue, isReady: () => false, publish } as typeof queue
    expect((await replay(id)).status).toBe(503)
    gateway.deps.queue = queue
    expect(await rowOf(id)).toMatchObject({ status: 'FAILED', reason: 'storing it failed' })
  })
})

test('an ignored event gets its effect when what it lacked is there', async () => {
  const value = { event: 'PAUSED', message_template_id: 1, message_template_name: 'late', message_template_language: 'fr' }
  const change = { field: 'message_template_status_update', value }
  const id = await keep(
    { entry: [{ id: wabaId, time: 1_795_165_200, changes: [change] }] },
    { status: 'IGNORED', reason: 'none' },
  )
  await replay(id)
  await settled(id, 'IGNORED')
  const { templates } = gateway.store.models
  await templates.create({ tenantId: demo, wabaId, name: 'late', language: 'fr', category: 'UTILITY', status: 'APPROVED' })
  const dry = await replay(id, { dryRun: true })
  expect(dry.body.changes).toMatchObject([
    { kind: 'template', action: 'update', fields: { status: { before: 'APPROVED', after: 'PAUSED' } } },
  ])
  await replay(id)
  await untilPasses(async () =>
    expect(await templates.findOne({ tenantId: demo, name: 'late' }).lean()).toMatchObject({ status: 'PAUSED' }),
  )
})

test('what a filter and a time name is replayed page by page, the oldest first', async () => {
  const at = (i: number) => new Date(Date.UTC(2026, 10, 20, 10, i))
  const ids: string[] = []
  for (let i = 0; i < 5; i++) ids.push(await keep(inbound(`wamid.page${i}`, '212661900006'), { receivedAt: at(i) }))
  await keep(inbound('wamid.done', '212661900006'), { status: 'PROCESSED', receivedAt: at(1) })
  const input = { from: at(1).toISOString(), to: at(4).toISOString(), limit: 2, phoneNumberId }
  const dry = await replayMany({ ...input, dryRun: true, limit: 100 })
  expect(dry.body.changes.filter(({ kind }: { kind: string }) => kind === 'message')).toHaveLength(3)
  const first = await replayMany(input)
  expect([first.status, first.body.total, first.body.hasMore]).toEqual([200, 3, true])
  const second = await replayMany({ ...input, cursor: first.body.nextCursor })
  expect([...first.body.data, ...second.body.data].map(({ id }) => id)).toEqual(ids.slice(1, 4))
  expect(second.body.hasMore).toBe(false)
  for (const id of ids.slice(1, 4)) await settled(id, 'PROCESSED')
  expect([(await rowOf(ids[0] as string))?.status, (await rowOf(ids[4] as string))?.status]).toEqual(['FAILED', 'FAILED'])
  expect((await replayMany({ status: 'PROCESSED' })).body.data[0].outcome).toBe('unchanged')
})

test('one that MongoDB refuses ends in the dead letters alone, amid its conversation, and again when it is replayed unmended', async () => {
  const poison = inboundOf('wamid.poison', '212661900009', { type: 'hologram', hologram: { 'a\0b': 1 } })
  const bodies = [inbound('wamid.before', '212661900009'), poison, inbound('wamid.after', '212661900009')]
  const priority = webhookKeys.conversation(phoneNumberId, '212661900009')
  const envelope = { exchange: EXCHANGES.webhook, routingKey: priority, type: MESSAGE_TYPE.webhook }
  for (const [i, body] of bodies.entries()) await gateway.queue.publish({ ...envelope, body, messageId: `poison-${i}` })
  const deadLetters = (state: string) =>
    gateway.store.raw.deadLetters.countDocuments({ messageId: messageEventId('wamid.poison'), state: state as 'NEW' })
  await settled(messageEventId('wamid.after'), 'PROCESSED')
  await settled(messageEventId('wamid.poison'), 'FAILED')
  expect([await count('wamid.before'), await count('wamid.after'), await deadLetters('NEW')]).toEqual([1, 1, 1])
  expect((await replay(messageEventId('wamid.poison'))).status).toBe(202)
  await untilPasses(async () => expect([await deadLetters('REPLAYED'), await deadLetters('NEW')]).toEqual([1, 1]))
  await settled(messageEventId('wamid.poison'), 'FAILED')
  expect(await rowOf(messageEventId('wamid.poison'))).toMatchObject({ reason: 'storing it failed' })
}, 240_000)

test('a list is narrowed by field and time', async () => {
  const id = await keep(inbound('wamid.list', '212661900007'))
  const total = async (query: string) =>
    (await gateway.call('GET', `/api/v1/webhook-events?${query}`, { as: 'manager' })).body.total
  expect([await total('field=messages'), await total('field=security'), await total('eventType=status')]).toEqual([1, 0, 0])
  expect(await total('from=2026-11-20T10:00:00Z&to=2026-11-20T10:00:01Z')).toBe(1)
  expect(await total('to=2026-11-20T10:00:00Z')).toBe(0)
  expect((await replay(id, {}, 'agent')).status).toBe(403)
})

test("events of a number that nobody had are a platform admin's, and find their tenant when it is connected", async () => {
  const id = await keep(inbound('wamid.nobody', '212661900008'), { tenantId: null, status: 'IGNORED', reason: 'nobody' })
  const list = (as: Person) => gateway.call('GET', '/api/v1/webhook-events?unowned=true', { as })
  expect([(await list('admin')).status, (await list('platform')).body.total]).toEqual([403, 1])
  expect((await replay(id, {}, 'admin')).status).toBe(404)
  expect((await replayMany({ unowned: true }, 'admin')).status).toBe(403)
  expect((await replayMany({ unowned: true }, 'platform')).body.data).toMatchObject([{ id, outcome: 'replayed' }])
  await settled(id, 'PROCESSED')
  expect((await rowOf(id))?.tenantId).toEqual(demo)
})

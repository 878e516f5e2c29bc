import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { secretsInForce } from '#shared/auth/subscription-secrets.ts'
import { EVENT_TYPES } from '#shared/contracts/event-subscriptions.ts'
import type { EventDeliveryDoc, EventSubscriptionDoc, Id } from '#shared/model/documents.ts'
import { newId, toId } from '#shared/model/ids.ts'
import { createWorld } from '#test/support/world.ts'
import { type Gateway, openGateway, PEOPLE, type Person } from '#test/support/worlds/gateway.ts'
import { keyring } from '#test/support/worlds/ingest.ts'
import { userByEmail } from '#test/support/worlds/realtime.ts'

const stack = new AsyncDisposableStack()
let gateway: Gateway
let tenantId: Id
beforeAll(async () => {
  gateway = stack.use(await openGateway(stack.use(await createWorld()), { EVENT_PRIVATE_ORIGINS: 'http://crm.internal:8080' }))
  tenantId = (await userByEmail(gateway.store, PEOPLE.admin)).tenantId
})
afterAll(() => stack.disposeAsync())

const path = '/api/v1/event-subscriptions'
const call = (method: string, rest: string, body?: unknown, as: Person = 'admin') =>
  gateway.call(method, `${path}${rest}`, { as, ...(body !== undefined && { body }) })
const url = 'https://erp.example.com/linko'
const subscribe = async (fields: object = {}) => (await call('POST', '', { url, ...fields })).body
const rowOf = async (id: string) =>
  (await gateway.store.raw.eventSubscriptions.findOne({ _id: toId(id) })) as EventSubscriptionDoc
const eventsOf = (id: string) =>
  gateway.store.raw.events.find({ name: 'subscription:status', 'payload.subscriptionId': id } as object).toArray()

describe('[beyond 19] a subscription', () => {
  test('is created with a secret that is shown once and stored encrypted', async () => {
    const created = await call('POST', '', { name: 'ERP', url, types: ['message.received', 'message.received'] })
    expect([created.status, created.body.status, created.body.types]).toEqual([201, 'enabled', ['message.received']])
    const { id, secret } = created.body
    expect(secret).toMatch(/^whsec_/)
    const row = await rowOf(id)
    expect(JSON.stringify(row)).not.toContain(secret.slice(6))
    expect(secretsInForce(keyring, row, new Date())).toEqual([secret])
    const [read, list] = [await call('GET', `/${id}`), await call('GET', '')]
    expect([read.status, 'secret' in read.body]).toEqual([200, false])
    expect(list.body.data.map((one: { id: string }) => one.id)).toContain(id)
    expect(JSON.stringify(list.body)).not.toContain('whsec_')
    expect((await eventsOf(id)).map(({ payload }) => payload.status)).toEqual(['enabled'])
  })

  test('begins with what happens from now on', async () => {
    const event = {
      tenantId,
      name: 'message:sent',
      at: new Date(),
      clientId: null,
      conversationId: null,
      userId: null,
      payload: {},
    }
    await gateway.store.raw.events.insertOne({ _id: 'e:before', ...event, createdAt: new Date(), seq: 41 } as never)
    const { id } = await subscribe()
    expect((await rowOf(id)).position).toBe(41)
  })

  test.for([
    'http://erp.example.com/linko',
    'https://erp.example.com:8443/linko',
    'https://127.0.0.1/linko',
    'https://169.254.169.254/latest/meta-data',
    'https://[::ffff:10.0.0.1]/',
    'https://user:secret@erp.example.com/',
    'http://crm.internal:8081/',
    'ftp://erp.example.com/',
    'erp',
  ])('is not created with the address %s, nor given it', async refused => {
    const created = await call('POST', '', { url: refused })
    expect([created.status, created.body.errorCode]).toEqual([422, 'URL_REFUSED'])
    const { id } = await subscribe()
    expect((await call('PATCH', `/${id}`, { url: refused })).body.errorCode).toBe('URL_REFUSED')
    expect((await rowOf(id)).url).toBe(url)
    await call('DELETE', `/${id}`)
  })

  test('may name what the operator allows', async () => {
    expect((await call('POST', '', { url: 'http://crm.internal:8080/hook' })).status).toBe(201)
  })

  test('takes known types alone, and the list names them', async () => {
    const { body } = await call('GET', '/types')
    expect(body.data.map(({ type }: { type: string }) => type)).toEqual(EVENT_TYPES)
    expect((await call('POST', '', { url, types: ['message:received'] })).status).toBe(400)
  })

  test('is switched off and on, and others hear of it', async () => {
    const { id } = await subscribe()
    const off = await call('PATCH', `/${id}`, { status: 'disabled' })
    expect([off.status, off.body.status, off.body.disabledReason, off.body.notice]).toEqual([200, 'disabled', 'user', null])
    await gateway.store.raw.eventSubscriptions.updateOne(
      { _id: toId(id) },
      { $set: { disabledReason: 'failing', failingSince: new Date(0) } },
    )
    const broken = await call('GET', `/${id}`)
    expect(broken.body.notice).toMatchObject({ key: 'subscription.failing', text: expect.stringContaining('for a day') })
    const on = await call('PATCH', `/${id}`, { status: 'enabled' })
    expect(on.body).toMatchObject({ status: 'enabled', disabledReason: null, notice: null, failingSince: null })
    expect((await eventsOf(id)).map(({ payload }) => payload.status)).toEqual(['enabled', 'disabled', 'enabled'])
  })

  test('gets a new secret, and the old one goes on for the overlap', async () => {
    const { id, secret } = await subscribe()
    const rotated = await call('POST', `/${id}/rotate-secret`, { overlapHours: 2 })
    expect([rotated.status, rotated.body.secrets.length]).toEqual([201, 2])
    const row = await rowOf(id)
    const inHours = (hours: number) => new Date(Date.now() + hours * 3_600_000)
    expect(secretsInForce(keyring, row, new Date())).toEqual([rotated.body.secret, secret])
    expect(secretsInForce(keyring, row, inHours(1.9))).toHaveLength(2)
    expect(secretsInForce(keyring, row, inHours(2.1))).toEqual([rotated.body.secret])
    const last = await call('POST', `/${id}/rotate-secret`, { overlapHours: 0 })
    expect(secretsInForce(keyring, await rowOf(id), new Date())).toEqual([last.body.secret])
  })

  test('is deleted with its secrets, and is nobody else’s', async () => {
    const { id } = await subscribe()
    for (const [method, rest, body] of [
      ['GET', ''],
      ['PATCH', '', {}],
      ['DELETE', ''],
      ['POST', '/test'],
      ['GET', '/deliveries'],
    ] as const)
      expect((await call(method, `/${id}${rest}`, body, 'other')).status).toBe(404)
    expect((await call('DELETE', `/${id}`)).status).toBe(204)
    expect((await call('GET', `/${id}`)).status).toBe(404)
    expect((await rowOf(id)).secrets).toEqual([])
  })
})

test('an account has at most twenty subscriptions', async () => {
  const as = 'other' as const
  for (let i = 0; i < 20; i++) expect((await call('POST', '', { url }, as)).status).toBe(201)
  expect((await call('POST', '', { url }, as)).body.errorCode).toBe('SUBSCRIPTIONS_TOO_MANY')
})

describe('[peers 68] deliveries', () => {
  const deliveryOf = (subscription: string, i: number, more: Partial<EventDeliveryDoc> = {}) => ({
    _id: newId(),
    tenantId,
    subscriptionId: toId(subscription),
    eventId: `e:${i}`,
    type: 'message.received',
    seq: i,
    conversationId: null,
    orderingKey: 'message.received',
    at: new Date(Date.UTC(2026, 10, 29, 12, i)),
    state: 'DELIVERED' as const,
    isTest: false,
    isErasure: false,
    body: JSON.stringify({ id: `e:${i}`, data: { n: i } }),
    tries: 1,
    nextAttemptAt: null,
    attempts: [{ at: new Date(), durationMs: 12, status: 200, problem: null, detail: 'ok' }],
    deliveredAt: new Date(),
    replayedAt: null,
    createdAt: new Date(),
    ...more,
  })

  test('are listed with their attempts, by state and time, and one is shown with its body', async () => {
    const { id } = await subscribe()
    const rows = [deliveryOf(id, 1), deliveryOf(id, 2, { state: 'FAILED' }), deliveryOf(id, 3, { type: 'note.added' })]
    await gateway.store.raw.eventDeliveries.insertMany(rows)
    const listed = async (query: string) =>
      (await call('GET', `/${id}/deliveries${query}`)).body.data.map(({ eventId }: { eventId: string }) => eventId)
    expect(await listed('')).toEqual(['e:3', 'e:2', 'e:1'])
    expect(await listed('?state=failed')).toEqual(['e:2'])
    expect(await listed('?type=note.added')).toEqual(['e:3'])
    expect(await listed('?from=2026-11-29T12:02:00Z&to=2026-11-29T12:03:00Z')).toEqual(['e:2'])
    const { body } = await call('GET', `/${id}/deliveries?limit=1`)
    expect(body.data[0]).toMatchObject({ state: 'delivered', attempts: [{ status: 200, durationMs: 12 }] })
    expect(body.data[0].body).toBeUndefined()
    const one = await gateway.call('GET', `/api/v1/event-deliveries/${rows[0]?._id}`, { as: 'admin' })
    expect(one.body).toMatchObject({ eventId: 'e:1', body: { id: 'e:1', data: { n: 1 } } })
  })

  test('are ordered again one by one or by time, and a test is ordered once', async () => {
    const { id } = await subscribe()
    const row = deliveryOf(id, 7, { state: 'FAILED', tries: 11 })
    await gateway.store.raw.eventDeliveries.insertOne(row)
    const before = (await rowOf(id)).wakes
    const again = await gateway.call('POST', `/api/v1/event-deliveries/${row._id}/replay`, { as: 'admin' })
    expect([again.status, again.body.state, again.body.eventId]).toEqual([202, 'pending', 'e:7'])
    expect((await rowOf(id)).wakes).toBe(before + 1)
    const from = '2026-11-29T00:00:00Z'
    const replay = await call('POST', `/${id}/replay`, { from, onlyFailed: true })
    expect([replay.status, replay.body.replay]).toMatchObject([202, { from: '2026-11-29T00:00:00.000Z', onlyFailed: true }])
    expect((await call('POST', `/${id}/replay`, { from })).body.errorCode).toBe('REPLAY_RUNNING')
    expect((await call('POST', `/${id}/replay`, { from, to: from })).body.errorCode).toBe('TIMES_INVALID')
    const tried = await call('POST', `/${id}/test`)
    expect([tried.status, tried.body.isTest, tried.body.type]).toEqual([202, true, 'subscription.test'])
    expect((await rowOf(id)).hasTests).toBe(true)
    await call('PATCH', `/${id}`, { status: 'disabled' })
    expect((await gateway.call('POST', `/api/v1/event-deliveries/${row._id}/replay`, { as: 'admin' })).body.errorCode).toBe(
      'SUBSCRIPTION_DISABLED',
    )
  })
})

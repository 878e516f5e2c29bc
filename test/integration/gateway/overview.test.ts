import { afterAll, beforeAll, expect, test } from 'vitest'
import { DEMO_TENANTS } from '#deploy/demo/world.ts'
import { createRecording, newPace } from '#services/ingest/recorder/recorder.ts'
import type { CallPace } from '#shared/domain/call-pace.ts'
import { QUEUES } from '#shared/queue/topology.ts'
import { startReporting } from '#shared/store/service-reports.ts'
import { startProxy } from '#test/support/tcp-proxy.ts'
import { untilPasses } from '#test/support/until.ts'
import { webhookOf } from '#test/support/webhooks.ts'
import { createWorld } from '#test/support/world.ts'
import { deliveryOf } from '#test/support/worlds/fixtures.ts'
import { type Gateway, openGateway, PEOPLE, type Person } from '#test/support/worlds/gateway.ts'
import { log } from '#test/support/worlds/ingest.ts'

const stack = new AsyncDisposableStack()
let gateway: Gateway
beforeAll(async () => {
  gateway = stack.use(await openGateway(stack.use(await createWorld())))
})
afterAll(() => stack.disposeAsync())

const overview = async (as: Person = 'manager') => gateway.call('GET', '/api/v1/operations/overview', { as })
const report = (isReady: boolean) =>
  startReporting(gateway.store, {
    service: 'sender',
    version: '1.2.3',
    ready: () => ({ required: { mongodb: isReady }, informational: { redis: true } }),
    log,
  })

test('[design 13] [dashboard 3.8] says which services run, in which version, and which are ready', async () => {
  const running = [report(true), report(false)]
  await untilPasses(async () => {
    const { services } = (await overview()).body
    expect(
      services
        .map(({ service, version, isAlive, isReady, parts }: Record<string, unknown>) => ({
          service,
          version,
          isAlive,
          isReady,
          parts,
        }))
        .toSorted(byReady),
    ).toEqual([
      { service: 'sender', version: '1.2.3', isAlive: true, isReady: false, parts: { redis: true, mongodb: false } },
      { service: 'sender', version: '1.2.3', isAlive: true, isReady: true, parts: { redis: true, mongodb: true } },
    ])
  })
  // One stops, the other dies.
  await running[0]?.[Symbol.asyncDispose]()
  await gateway.store.raw.serviceReports.updateMany({}, { $set: { seenAt: new Date(Date.now() - 60_000) } })
  const { services } = (await overview()).body
  expect(services.map(({ isAlive }: { isAlive: boolean }) => isAlive)).toEqual([false])
  await running[1]?.[Symbol.asyncDispose]()
  expect((await overview()).body.services).toEqual([])
})

const byReady = (a: { isReady?: unknown }, b: { isReady?: unknown }) => Number(a.isReady) - Number(b.isReady)

test('[design 13] has the depth and the consumers of every queue, the servers, and the two roads of the account', async () => {
  const before = (await overview()).body
  expect(before.servers).toEqual({ mongodb: true, rabbitmq: true, redis: true })
  const names = before.queues.map(({ name }: { name: string }) => name)
  for (const name of [QUEUES.chat, ...QUEUES.conversation, ...QUEUES.realtime, QUEUES.dead]) expect(names).toContain(name)
  const { store, queue } = gateway
  const events = { publish: async () => undefined, settled: async () => undefined }
  const record = createRecording({ store, queue, log, events, pace: newPace() })
  const timestamp = String(Math.floor(Date.now() / 1000))
  const message = { from: '212661870001', id: 'wamid.overview', timestamp, type: 'text', text: { body: 'hello' } }
  const value = { metadata: { phone_number_id: DEMO_TENANTS.demo.phoneNumberId }, messages: [message] }
  await record([deliveryOf(webhookOf(value), new Date())])
  await gateway.call('POST', '/api/v1/messages/send', { as: 'agent', body: { to: '+212661870001', text: 'hello' } })
  const { roads } = (await overview()).body
  expect(roads.in.perMinute).toBe(before.roads.in.perMinute + 1)
  expect(roads.out.perMinute).toBe(before.roads.out.perMinute + 1)
  expect([typeof roads.in.lateMs, roads.in.lastAt !== null, roads.out.lastAt !== null]).toEqual(['number', true, true])
  await untilPasses(async () => {
    const { queues } = (await overview()).body
    expect(queues.find(({ name }: { name: string }) => name === QUEUES.chat).messages).toBeGreaterThan(0)
  })
  expect((await overview('other')).body.roads.in.perMinute).toBe(0)
})

test('[dashboard 3.8] says how quickly Meta answers, by all senders that live', async () => {
  expect((await overview()).body.meta).toBeNull()
  const reporting = (pace: CallPace) =>
    startReporting(gateway.store, { service: 'sender', version: '1.2.3', ready: () => ({ required: {} }), pace: () => pace, log })
  await using _first = reporting({ calls: 90, unanswered: 1, p95Ms: 400 })
  const metaIs = (expected: object) => untilPasses(async () => expect((await overview()).body.meta).toEqual(expected))
  await metaIs({ calls: 90, unanswered: 1, p95Ms: 400, isSlow: false })
  await using _second = reporting({ calls: 10, unanswered: 0, p95Ms: 5000 })
  await metaIs({ calls: 100, unanswered: 1, p95Ms: 5000, isSlow: true })
  await gateway.store.raw.serviceReports.updateMany({}, { $set: { seenAt: new Date(Date.now() - 60_000) } })
  expect((await overview()).body.meta).toBeNull()
})

test('[dashboard 3.8] answers without MongoDB whom it has seen before, as far as it can, and says what is away', async () => {
  await using stack = new AsyncDisposableStack()
  const world = stack.use(await createWorld())
  // Directly to the one server, for the replica set's own address would lead past the proxy.
  const proxy = stack.use(await startProxy(world.mongodbUri.replace(/\?.*$/, '?directConnection=true')))
  const own = stack.use(await openGateway({ ...world, mongodbUri: proxy.url }))
  stack.defer(() => proxy.mend())
  const tokenOf = Object.fromEntries(
    await Promise.all(
      (['manager', 'agent', 'admin', 'platform', 'other'] as const).map(async who => [who, await own.tokenFor(who)] as const),
    ),
  )
  const ask = async (who: string | null, path = '/api/v1/operations/overview', headers = {}) =>
    await own.call('GET', path, { ...(who && { token: tokenOf[who] as string }), headers })
  const state = async () => (await ask(null, '/api/v1/dashboard/state')).body
  for (const who of ['manager', 'platform', 'other']) expect((await ask(who)).status).toBe(200)
  expect((await ask('agent')).status).toBe(403)
  // Whoever was sent away before is not known.
  await own.store.raw.users.updateOne({ email: PEOPLE.other }, { $set: { status: 'disabled' } })
  await untilPasses(async () => expect((await ask('other')).status).toBe(401))
  expect(await state()).toEqual({ queue: 'ready', database: 'ready' })

  proxy.cut()
  await untilPasses(async () => expect((await state()).database).toBe('away'))
  const { status, body } = await ask('manager')
  expect([status, body.servers.mongodb, body.roads, body.meta, body.services]).toEqual([200, false, null, null, []])
  expect(body.queues.length).toBeGreaterThan(0)
  expect((await ask('platform', undefined, { 'x-organization-id': '6'.repeat(24) })).status).toBe(200)
  const others = await Promise.all([ask('agent'), ask('admin'), ask('other'), ask('manager', '/api/v1/conversations')])
  expect(others.map(answer => answer.status)).toEqual([403, 503, 503, 503])

  proxy.mend()
  await untilPasses(async () => expect((await ask('manager')).body.servers.mongodb).toBe(true))
  expect(await state()).toEqual({ queue: 'ready', database: 'ready' })
})

test('[design 13] is for managers', async () => {
  expect((await overview('agent')).status).toBe(403)
})

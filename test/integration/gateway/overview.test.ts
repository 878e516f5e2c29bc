import { afterAll, beforeAll, expect, test } from 'vitest'
import { DEMO_TENANTS } from '#deploy/demo/world.ts'
import { createRecording, newPace } from '#services/ingest/recorder/recorder.ts'
import { QUEUES } from '#shared/queue/topology.ts'
import { startReporting } from '#shared/store/service-reports.ts'
import { untilPasses } from '#test/support/until.ts'
import { webhookOf } from '#test/support/webhooks.ts'
import { createWorld } from '#test/support/world.ts'
import { deliveryOf } from '#test/support/worlds/fixtures.ts'
import { type Gateway, openGateway, type Person } from '#test/support/worlds/gateway.ts'
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

test('[design 13] is for managers', async () => {
  expect((await overview('agent')).status).toBe(403)
})

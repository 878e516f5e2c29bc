import { afterAll, beforeAll, expect, test } from 'vitest'
import { DEMO_TENANTS } from '#deploy/demo/world.ts'
import { createRecording, newPace } from '#services/ingest/recorder/recorder.ts'
import { connectStore } from '#shared/store/connect.ts'
import { untilPasses } from '#test/support/until.ts'
import { createWorld } from '#test/support/world.ts'
import { deliveryOf } from '#test/support/worlds/fixtures.ts'
import { type Gateway, openGateway, type Person } from '#test/support/worlds/gateway.ts'
import { log } from '#test/support/worlds/ingest.ts'

const stack = new AsyncDisposableStack()
let gateway: Gateway
let record: (from: string, text: string) => Promise<unknown>
beforeAll(async () => {
  const world = stack.use(await createWorld())
  gateway = stack.use(await openGateway(world))
  // A store of its own, as another process has: it sees a change when its cached copy has expired.
  const store = stack.use(await connectStore(world.mongodbUri))
  const events = { publish: async () => undefined, settled: async () => undefined }
  const recording = createRecording({ store, queue: gateway.queue, log, events, pace: newPace() })
  let count = 0
  record = (from, text) => recording([deliveryOf(inbound(from, text, ++count))])
})
afterAll(() => stack.disposeAsync())

function inbound(from: string, body: string, second: number) {
  const messages = [{ from, id: `wamid.set.${second}`, timestamp: String(1_795_165_200 + second), type: 'text', text: { body } }]
  const value = { metadata: { phone_number_id: DEMO_TENANTS.demo.phoneNumberId }, messages }
  return { entry: [{ id: DEMO_TENANTS.demo.wabaId, changes: [{ field: 'messages', value }] }] }
}

const call = (method: string, body?: object, as: Person = 'admin', path = '/settings') =>
  gateway.call(method, `/api/v1${path}`, { as, body })
const total = async (path: string) => (await call('GET', undefined, 'agent', path)).body.total

test('settings are read and changed by admins, what is left out stays, and the audit log has the difference', async () => {
  const before = (await call('GET')).body
  expect(before).toMatchObject({ leadsEnabled: true, unknownOutcome: 'fail', sendReadReceipts: true })
  const { status, body } = await call('PUT', { maxWaitHours: 12, timezone: 'Africa/Casablanca', stopWords: ['Basta', 'STOP'] })
  expect(status).toBe(200)
  expect(body).toEqual({ ...before, maxWaitHours: 12, timezone: 'Africa/Casablanca', stopWords: ['Basta', 'STOP'] })
  expect((await call('PATCH', {})).body).toEqual(body)
  const rows = await gateway.store.raw.auditLog.find({ action: 'tenants.settings' }).toArray()
  expect(rows).toHaveLength(1)
  expect(rows[0]?.changes).toMatchObject({ maxWaitHours: { after: 12 }, stopWords: { after: ['Basta', 'STOP'] } })
  expect((await call('PUT', { maxWaitHours: 1 }, 'manager')).status).toBe(403)
})

test('a change of settings that somebody else has changed is refused whole, and says what they are now', async () => {
  expect((await call('PATCH', { maxWaitHours: 20, leadsEnabled: true })).status).toBe(200)
  const stale = { maxWaitHours: 30, leadsEnabled: false, expected: { maxWaitHours: 12, leadsEnabled: true } }
  const { status, body } = await call('PATCH', stale)
  expect([status, body.errorCode, body.errors.map(({ path }: { path: string }) => path)]).toEqual([
    ...[409, 'CHANGED_MEANWHILE'],
    ['maxWaitHours'],
  ])
  expect(body.current).toEqual((await call('GET')).body)
  expect(body.current).toMatchObject({ maxWaitHours: 20, leadsEnabled: true })
  expect(body.changedBy).toEqual(expect.any(String))
  const fresh = await call('PATCH', { ...stale, expected: { maxWaitHours: 20 } })
  expect(fresh.body).toMatchObject({ maxWaitHours: 30, leadsEnabled: false })
  await call('PATCH', { maxWaitHours: 12, leadsEnabled: true })
})

test.for([
  [{ timezone: 'Mars/Olympus' }, 400],
  [{ locale: '!' }, 400],
  [{ currency: 'mad' }, 400],
  [{ maxWaitHours: 0 }, 400],
  [{ prices: [{ amount: -1 }] }, 400],
  [{ stopWords: [''] }, 400],
  [{ keepMessagesDays: 29 }, 400],
  [{ keepMessagesDays: 3651 }, 400],
  [{ keepMessagesDays: 45.5 }, 400],
  [{ colour: 'red' }, 400],
  [{ initiateTemplate: { name: 'not_here', language: 'fr' } }, 422],
] as const)('%j is refused', async ([input, status]) => {
  expect((await call('PUT', input)).status).toBe(status)
})

test('a recorder of another process heeds them within seconds', async () => {
  await record('212661820001', 'Bonjour')
  expect(await total('/leads?q=212661820001')).toBe(1)
  await call('PUT', { leadsEnabled: false, stopWords: ['Assez'] })
  let person = 212661820100
  await untilPasses(async () => {
    await record(String(++person), 'Bonjour')
    expect(await total(`/leads?q=${person}`)).toBe(0)
  }, 240_000)
  await record(String(person), 'assez')
  expect((await call('GET', undefined, 'agent', `/contacts?q=${person}`)).body.data).toMatchObject([
    { optOut: true, optOutSource: 'stop-word' },
  ])
  await call('PUT', { leadsEnabled: true })
}, 240_000)

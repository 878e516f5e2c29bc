import { setTimeout as sleep } from 'node:timers/promises'
import { deliverEvents } from '#services/sender/subscriptions/deliver-events.ts'
import type { Id, TenantDoc } from '#shared/model/documents.ts'
import { newId } from '#shared/model/ids.ts'
import { serverClock } from '#shared/store/clock.ts'
import type { Store } from '#shared/store/connect.ts'
import { migrate } from '#shared/store/migrate.ts'
import { type Endpoint, startEndpoint, subscriptionsOf, take } from '#test/support/worlds/subscriptions.ts'
import { keyring, log, openBed } from './bed.ts'
import { alternate, percentile, ratio, report, type Turn } from './measure/figures.ts'
import { untilCounted } from './measure/patience.ts'

const EVENTS = Number(process.env.BENCH_EVENTS ?? 600)
const PER_SECOND = Number(process.env.BENCH_EVENTS_PER_SECOND ?? 30)
/** Events that wait for the endpoints in trouble, and how many subscriptions of how many tenants have one. */
const BACKLOG = Number(process.env.BENCH_BACKLOG ?? 5000)
const TROUBLED = 10
const SUBSCRIPTIONS = 3
/** Most of what a tenant may notice of others: p99 with them by p99 without them. */
const TARGET = 1.25

/** The time from an event to its delivery, without others and beside tenants whose endpoints hang, fail or answer after seconds. */
export async function run(): Promise<void> {
  await using bed = await openBed()
  const store = await bed.openStore('new')
  await migrate(store)
  const tenantId = await addTenant(store)
  const subject = subscriptionsOf({ store, keyring, tenantId })
  await using endpoint = await startEndpoint(take)
  await using hangs = await startEndpoint(() => {})
  await using fails = await startEndpoint((_received, response) => void response.writeHead(500).end())
  await using slow = await startEndpoint((_received, response) => void setTimeout(() => response.writeHead(204).end(), 2000))
  await subject.subscribe(endpoint.url)
  await using _process = await startDelivery(store, [endpoint, hangs, fails, slow])
  const troubled = await addTroubled(store, subject, [hangs, fails, slow])
  console.log(
    `subscriptions: ${EVENTS} events a turn, ${PER_SECOND} a second; ${TROUBLED} troubled tenants with ${BACKLOG} events each`,
  )
  const figures = await alternate({
    alone: () => measure(store, subject, endpoint, tenantId),
    'beside troubled': async () => {
      await troubled.switchOn(true)
      const turn = await measure(store, subject, endpoint, tenantId)
      await troubled.switchOn(false)
      return turn
    },
  })
  report('subscriptions', figures)
  const share = (figures['beside troubled']['p99 ms'] as number) / (figures.alone['p99 ms'] as number)
  ratio('of p99, beside troubled ÷ alone', share, `≤ ${TARGET}`, share <= TARGET)
}

type Subject = ReturnType<typeof subscriptionsOf>

async function addTenant(store: Store): Promise<Id> {
  const _id = newId()
  await store.raw.tenants.insertOne({ _id, name: 'Bench', status: 'active', settings: {}, limits: {} } as unknown as TenantDoc)
  return _id
}

/** Delivers as a sender does that holds the lease. */
async function startDelivery(store: Store, endpoints: readonly Endpoint[]): Promise<AsyncDisposable> {
  const clock = await serverClock(store)
  let mayGoOn = true
  const settings = { origins: endpoints.map(({ origin }) => origin) }
  const publishing = { publish: async () => undefined, enqueue() {}, project() {}, settled: async () => undefined }
  const running = deliverEvents({ store, keyring, publishing, clock, log, settings }, () => mayGoOn)
  return {
    async [Symbol.asyncDispose]() {
      mayGoOn = false
      await running
      clock[Symbol.dispose]()
    },
  }
}

/** Tenants with a backlog for endpoints that do not take it. They are switched off until a turn needs them. */
async function addTroubled(store: Store, subject: Subject, endpoints: readonly Endpoint[]) {
  const rows = []
  for (let i = 0; i < TROUBLED; i++) {
    const of = await addTenant(store)
    for (let n = 0; n < SUBSCRIPTIONS; n++)
      rows.push(await subject.subscribe((endpoints[(i + n) % endpoints.length] as Endpoint).url, { tenantId: of }))
    for (let done = 0; done < BACKLOG; done += 500)
      await subject.happen(
        Array.from({ length: 500 }, () => newId()),
        { of },
      )
  }
  const ids = rows.map(({ _id }) => _id)
  const switchOn = async (isOn: boolean) => {
    const $set = isOn ? { status: 'ENABLED' as const } : { status: 'DISABLED' as const }
    await store.raw.eventSubscriptions.updateMany({ _id: { $in: ids } }, { $set })
  }
  await switchOn(false)
  return { switchOn }
}

/** Lets events happen at an even rate, and measures how long each takes to its endpoint. */
async function measure(store: Store, subject: Subject, endpoint: Endpoint, tenantId: Id): Promise<Turn> {
  const happened = new Map<string, number>()
  const tookMs: number[] = []
  endpoint.received.length = 0
  endpoint.answer = (received, response, request) => {
    const at = happened.get(received.id)
    if (at !== undefined) tookMs.push(performance.now() - at)
    happened.delete(received.id)
    take(received, response, request)
  }
  for (let i = 0; i < EVENTS; i++) {
    const before = performance.now()
    const [id] = await subject.happen([newId()], { of: tenantId })
    happened.set(id as string, before)
    await sleep(Math.max(0, 1000 / PER_SECOND - (performance.now() - before)))
  }
  await untilCounted({ what: 'events delivered', goal: EVENTS }, async () => tookMs.length)
  const sorted = tookMs.toSorted((a, b) => a - b)
  const pending = await store.raw.eventDeliveries.countDocuments({ state: 'PENDING' })
  return { 'p50 ms': percentile(sorted, 0.5), 'p99 ms': percentile(sorted, 0.99), 'waiting for others': pending }
}

import { setTimeout as sleep } from 'node:timers/promises'
import type { mongo } from 'mongoose'
import { signAccessToken } from '#shared/auth/access-token.ts'
import type { UserDoc } from '#shared/model/documents.ts'
import { newId } from '#shared/model/ids.ts'
import { connectQueue } from '#shared/queue/connect.ts'
import type { Store } from '#shared/store/connect.ts'
import { migrate } from '#shared/store/migrate.ts'
import { JWT_SECRET, log, openBed } from './bed.ts'
import { type Child, startChild } from './child.ts'
import { percentile, report, type Turn } from './figures.ts'
import type { MixedJob, MixedResult } from './mixed-load.ts'
import { createSenderWorld, type SenderWorld } from './sender-world.ts'

const SECONDS = Number(process.env.BENCH_SECONDS ?? 15)
const PEOPLE = (process.env.BENCH_PEOPLE ?? '40,400,2000').split(',').map(Number)
const RATES = (process.env.BENCH_RATES ?? '100+20,100+60').split(',').map(pair => pair.split('+').map(Number) as [number, number])
const SETTLE_MS = 60_000

/** Customers write and users answer in the same conversations, and Meta reports three statuses for each answer. */
export async function run(): Promise<void> {
  for (const people of PEOPLE) await measure(people)
}

async function measure(people: number): Promise<void> {
  await using stack = new AsyncDisposableStack()
  const bed = stack.use(await openBed())
  const store = await bed.openStore()
  await migrate(store)
  const queue = stack.use(await connectQueue(bed.rabbitmqUrl, { log, name: 'bench', youngQueueWaitMs: 0 }))
  const world = await createSenderWorld(store, queue, { conversations: people })
  const token = await userOf(store, world)
  const meta = stack.use(await startChild('test/load/mixed-meta.ts', bed.env))
  const load = stack.use(await startChild('test/load/mixed-load.ts', bed.env))
  const env = {
    ...bed.env,
    META_GRAPH_URL: `http://127.0.0.1:${meta.port}`,
    GATEWAY_PORT: '0',
    BASE_URL: 'https://linko.example',
    RATE_LIMIT_API: '1000000/min',
    RATE_LIMIT_MESSAGES: '1000000/min',
  }
  const start = async (name: string) => stack.use(await startChild(`services/${name}/main.ts`, env))
  const services = { gateway: await start('gateway'), ingest: await start('ingest') }
  const all = { ...services, sender: await start('sender'), realtime: await start('realtime') }
  const ingestUrl = `http://127.0.0.1:${services.ingest.port}/api/v1/webhook`
  await meta.ask({ ingestUrl })
  const base = {
    ingestUrl,
    gatewayUrl: `http://127.0.0.1:${services.gateway.port}`,
    token,
    people: world.conversations.map(placeOf),
  }
  const turn = (rates: [number, number], seconds: number) => turnOf({ store, load, services: all }, base, rates, seconds)
  await turn([20, 5], 4)
  const rows: Record<string, Turn> = {}
  for (const rates of RATES) rows[`${rates.join(' in/s + ')} out/s, ${people} people`] = await turn(rates, SECONDS)
  report('mixed', rows)
}

const placeOf = ({ _id, phoneNumberId }: { _id: unknown; phoneNumberId: string }) => ({
  phoneNumberId,
  conversationId: String(_id),
})

interface Bench {
  store: Store
  load: Child
  services: Record<string, Child>
}

let turns = 0

async function turnOf(
  { store, load, services }: Bench,
  base: Omit<MixedJob, 'inPerSecond' | 'outPerSecond' | 'seconds' | 'tag'>,
  [inPerSecond, outPerSecond]: [number, number],
  seconds: number,
): Promise<Turn> {
  const tag = `MIX${process.pid}n${++turns}`
  const before = await serverFigures(store)
  const cpu = Object.entries(services).map(([name, child]) => [name, child.cpuUs()] as const)
  const result = await load.ask<MixedResult>({ ...base, inPerSecond, outPerSecond, seconds, tag } satisfies MixedJob)
  const endedAt = performance.now()
  const expected = { inbound: inPerSecond * seconds, sent: result.acceptMs.length - sum(Object.values(result.refused)) }
  const isWhole = () => isStored(store, tag, expected)
  while (!(await isWhole()) && performance.now() - endedAt < SETTLE_MS) await sleep(50)
  const storedMs = performance.now() - endedAt
  const after = await serverFigures(store)
  const lags = await lagsOf(store, tag)
  const accept = result.acceptMs.toSorted((a, b) => a - b)
  const operations = inPerSecond * seconds + expected.sent
  return {
    'accept p50 ms': percentile(accept, 0.5),
    'p99 ms': percentile(accept, 0.99),
    'lag p50 ms': percentile(lags, 0.5),
    'lag p99 ms': percentile(lags, 0.99),
    'stored after ms': storedMs,
    'not 202': sum(Object.values(result.refused)),
    aborts: after.aborts - before.aborts,
    'requests per message': (after.requests - before.requests) / operations,
    ...Object.fromEntries(cpu.map(([name, us]) => [`${name} CPU ms`, ((services[name]?.cpuUs() ?? 0) - us) / 1000 / operations])),
    'wrong counters': await wrongCounters(store),
  }
}

const sum = (values: number[]) => values.reduce((total, value) => total + value, 0)

async function isStored(store: Store, tag: string, { inbound, sent }: { inbound: number; sent: number }): Promise<boolean> {
  const messages = store.raw.messages
  const isOurs = { 'content.text': { $regex: `^${tag} ` } }
  return (
    (await messages.countDocuments({ wamid: { $regex: `^wamid\\.${tag}x` } })) === inbound &&
    (await messages.countDocuments({ ...isOurs, status: 'READ' })) === sent
  )
}

/** From the arrival of a webhook to the end of its batch, of the customers' messages. */
async function lagsOf(store: Store, tag: string): Promise<number[]> {
  const rows = await store.raw.webhookEvents.find({ _id: { $regex: `^m:wamid\\.${tag}x` } }).toArray()
  return rows.map(row => (row.processedAt?.getTime() ?? 0) - row.receivedAt.getTime()).sort((a, b) => a - b)
}

/** Conversations whose count is not that of their rows: the world began each with 1. */
async function wrongCounters(store: Store): Promise<number> {
  const counted = await store.raw.messages.aggregate([{ $group: { _id: '$conversationId', count: { $sum: 1 } } }]).toArray()
  const counts = new Map(counted.map(row => [String(row._id), row.count as number]))
  const conversations = await store.raw.conversations.find().toArray()
  return conversations.filter(({ _id, messageCount }) => messageCount !== 1 + (counts.get(String(_id)) ?? 0)).length
}

async function serverFigures(store: Store): Promise<{ requests: number; aborts: number }> {
  const status = await (store.connection.db as mongo.Db).admin().command({ serverStatus: 1 })
  return { requests: Number(status.network.numRequests), aborts: Number(status.transactions.totalAborted) }
}

async function userOf(store: Store, world: SenderWorld): Promise<string> {
  const tenantId = world.conversations[0]?.tenantId
  const user = {
    _id: newId(),
    tenantId,
    email: 'agent@example.com',
    name: 'Agent',
    role: 'agent',
    status: 'active',
    tokenVersion: 0,
  }
  await store.raw.users.insertOne({ ...user, deletedAt: null } as UserDoc)
  const claims = {
    userId: String(user._id),
    tenantId: String(tenantId),
    role: 'agent' as const,
    tokenVersion: 0,
    email: user.email,
  }
  return signAccessToken({ ...claims, name: user.name }, { secret: JWT_SECRET, ttlMs: 3_600_000 })
}

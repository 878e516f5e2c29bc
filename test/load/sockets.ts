import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { Types } from 'mongoose'
import { type AccessClaims, signAccessToken } from '#shared/auth/access-token.ts'
import type { EventDoc } from '#shared/model/documents.ts'
import { eventMessages } from '#shared/queue/event-message.ts'
import type { Queue } from '#shared/queue/types.ts'
import type { Store } from '#shared/store/connect.ts'
import { addTenants } from '#test/system/trials/sockets/world.ts'
import { JWT_SECRET } from './bed.ts'
import { type Child, startChild } from './child.ts'
import { openDemoBed } from './demo-bed.ts'
import { alternate, ratio, report, type Turn } from './measure/figures.ts'
import { PATIENCE_MS, within } from './measure/patience.ts'
import type { CountJob, CountResult, ListenJob } from './sockets/load.ts'

const SOCKETS = Number(process.env.BENCH_SOCKETS ?? 5000)
const TENANTS = Number(process.env.BENCH_TENANTS ?? 500)
const EACH = SOCKETS / TENANTS
const PACE = 1000
const EVENTS = Number(process.env.BENCH_EVENTS ?? 20_000)

/** Events to sockets: 5,000 of them in 25 tenants on one process, beside bare Socket.io with the same adapter. */
export async function run(): Promise<void> {
  await using stack = new AsyncDisposableStack()
  const { bed, store, queue } = stack.use(await openDemoBed())
  const people = await addTenants(store, TENANTS)
  const realtime = stack.use(await startChild('services/realtime/main.ts', { ...bed.env, SOCKETS_PER_USER: '5000' }))
  const skeleton = stack.use(await startChild('test/load/sockets/skeleton.ts', bed.env))
  const clients = stack.use(await startChild('test/load/sockets/load.ts', process.env))

  const tokens = people.map(person => signAccessToken(person, { secret: JWT_SECRET, ttlMs: 3_600_000 }))
  const own = await connectAll(clients, realtime, tokens)
  const rooms = people.map(({ tenantId }) => tenantId)
  const bare = await connectAll(clients, skeleton, rooms)
  console.log(
    `sockets: ${SOCKETS} authenticated, ${TENANTS} tenants of ${EACH}; connected at ${Math.round(own.perSecond)}/s, ${own.kb.toFixed(1)} KB each (bare ${Math.round(bare.perSecond)}/s, ${bare.kb.toFixed(1)} KB)`,
  )
  const product = (count: number, perSecond: number) =>
    turnOf(clients, realtime, count, () => emitAll({ store, queue }, people, count, perSecond))
  const plain = (count: number, perSecond: number) =>
    turnOf(clients, skeleton, count, async () => void skeleton.process.send({ rooms, count, perSecond }))
  await product(100, 50)
  await plain(100, 50)

  const atPace = PACE / EACH
  console.log(`\n${PACE} deliveries a second`)
  const paced = await alternate({ product: () => product(8 * atPace, atPace), skeleton: () => plain(8 * atPace, atPace) })
  report('event to socket', paced)
  const [p50, p99] = [paced.product['p50 ms'] as number, paced.product['p99 ms'] as number]
  ratio('p50 in ms', p50, '≤ 5', p50 <= 5)
  ratio('p99 in ms', p99, '≤ 50', p99 <= 50)

  console.log('\nas many as go')
  const full = await alternate({ product: () => product(EVENTS, 0), skeleton: () => plain(EVENTS, 0) })
  report('deliveries', full)
  const rate = (full.product['/s'] as number) / (full.skeleton['/s'] as number)
  ratio('of rates, product ÷ bare Socket.io', rate, '≥ 0.8', rate >= 0.8)
}

async function connectAll(clients: Child, server: Child, tokens: string[]) {
  const before = residentKb(server)
  const from = performance.now()
  const job: ListenJob = {
    kind: 'listen',
    port: server.port,
    tokens: Array.from({ length: SOCKETS }, (_, i) => tokens[i % TENANTS] as string),
  }
  await clients.ask(job)
  const seconds = (performance.now() - from) / 1000
  await sleep(2000)
  return { perSecond: SOCKETS / seconds, kb: (residentKb(server) - before) / SOCKETS }
}

const residentKb = ({ process: { pid } }: Child) =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1])

async function turnOf(clients: Child, server: Child, events: number, send: () => Promise<void>): Promise<Turn> {
  const job: CountJob = { kind: 'count', port: server.port, count: events * EACH }
  await clients.ask(job)
  const counted = new Promise<CountResult>(resolve => clients.process.once('message', resolve as (message: unknown) => void))
  const cpu = server.cpuUs()
  await send()
  const { perSecond, p50, p99, deliveries } = await within(`${events * EACH} deliveries`, PATIENCE_MS, counted)
  return { '/s': perSecond, 'p50 ms': p50, 'p99 ms': p99, 'CPU µs each': (server.cpuUs() - cpu) / deliveries }
}

let made = 0

/** As a service does: the rows first, then the messages; 64 events of a commit at most. */
async function emitAll(
  to: { store: Store; queue: Queue },
  people: AccessClaims[],
  count: number,
  perSecond: number,
): Promise<void> {
  const startedAt = performance.now()
  const open = new Set<Promise<void>>()
  const size = perSecond > 0 ? 1 : 64
  for (let sent = 0; sent < count; sent += size) {
    const waitMs = perSecond > 0 ? startedAt + (sent * 1000) / perSecond - performance.now() : 0
    if (waitMs > 1) await sleep(waitMs)
    const own = Array.from({ length: Math.min(size, count - sent) }, (_, i) => people[(sent + i) % people.length] as AccessClaims)
    const job: Promise<void> = emit(to, own).finally(() => open.delete(job))
    open.add(job)
    if (open.size >= 4) await Promise.race(open)
  }
  await Promise.all(open)
}

async function emit({ store, queue }: { store: Store; queue: Queue }, people: AccessClaims[]): Promise<void> {
  const now = new Date()
  const rows = people.map(({ tenantId }): EventDoc => {
    const n = ++made
    const payload = { messageId: `m${n}`, status: 'delivered', text: 'x'.repeat(150), sentAt: 0 }
    const common = { clientId: null, conversationId: new Types.ObjectId(), userId: null, at: now, createdAt: now }
    return { _id: `bench:${n}`, tenantId: new Types.ObjectId(tenantId), name: 'message:status', payload, ...common }
  })
  await store.raw.events.insertMany(rows)
  // From here on: what the effect itself costs is measured elsewhere.
  for (const row of rows) row.payload.sentAt = performance.timeOrigin + performance.now()
  await Promise.all(eventMessages(rows, null).map(message => queue.publish(message)))
}

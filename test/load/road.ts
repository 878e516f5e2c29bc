import { setTimeout as sleep } from 'node:timers/promises'
import { io } from 'socket.io-client'
import { Agent, request } from 'undici'
import { sign } from '#shared/meta/signature.ts'
import { APP_SECRET } from './bed.ts'
import { inboundBody } from './bodies.ts'
import { startChild } from './child.ts'
import { openDemoBed } from './demo-bed.ts'
import { alternate, percentile, ratio, report, type Turn } from './measure/figures.ts'
import { between, beyondIdle, cpuPerOperation, createMeter, idleOf, type Meter, type Spending } from './measure/meter.ts'
import { adminOf, tokenOf } from './users.ts'

const PER_SECOND = 200
const SECONDS = Number(process.env.BENCH_SECONDS ?? 5)
const CONTACTS = 500
const PATIENCE_MS = 15_000

/** From the start of a webhook's POST to `message:received` on a socket, at 200 messages a second. */
export async function run(): Promise<void> {
  await using stack = new AsyncDisposableStack()
  const { bed, store } = stack.use(await openDemoBed())
  const ingest = stack.use(await startChild('services/ingest/main.ts', { ...bed.env, INGEST_ROLE: 'all' }))
  const realtime = stack.use(await startChild('services/realtime/main.ts', bed.env))
  const skeleton = stack.use(await startChild('test/load/skeletons/road.ts', bed.env))
  const listen = async (port: number, token: string) => {
    const listener = await connectListener(port, token)
    stack.defer(() => listener.close())
    return listener
  }
  const token = tokenOf(await adminOf(store, 'demo'))
  const hops = {
    'to commit ms': { port: ingest.port, histogram: 'linko_webhook_lag_seconds' },
    'commit to emission ms': { port: realtime.port, histogram: 'linko_event_to_socket_seconds' },
  }
  const meters = [createMeter(store, { ingest, realtime }), createMeter(store, { skeleton })] as const
  const own: Road = { port: ingest.port, hops, meter: meters[0], received: await listen(realtime.port, token) }
  const bare: Road = { port: skeleton.port, meter: meters[1], received: await listen(skeleton.port, token) }
  console.log(`road: ${PER_SECOND} webhooks a second, turns of ${SECONDS} s`)
  for (const road of [own, bare]) await turnOf(road, 3)
  ;[own.idle, bare.idle] = await idleOf(meters, SECONDS)
  const figures = await alternate({ product: () => turnOf(own), skeleton: () => turnOf(bare) })
  report('road, webhook to socket', figures)
  const of = (name: 'product' | 'skeleton', key: string) => figures[name][key] as number
  const times = (key: string) => of('product', key) / of('skeleton', key)
  ratio('of p50, product ÷ skeleton', times('p50 ms'), '≤ 2', times('p50 ms') <= 2)
  ratio('of p99, product ÷ skeleton', times('p99 ms'), '≤ 3', times('p99 ms') <= 3)
  ratio('of CPU, product ÷ skeleton', times('CPU ms in all'), '', true)
  ratio('p50 in ms', of('product', 'p50 ms'), '≤ 40', of('product', 'p50 ms') <= 40)
  ratio('p99 in ms', of('product', 'p99 ms'), '≤ 250', of('product', 'p99 ms') <= 250)
  ratio('lost', of('product', 'lost'), '0', of('product', 'lost') === 0)
}

/** Moments at which each wamid came over the socket. */
async function connectListener(port: number, token: string) {
  const at = new Map<string, number>()
  const socket = io(`http://127.0.0.1:${port}`, { auth: { token }, transports: ['websocket'], forceNew: true })
  socket.on('message:received', (event: { message: { text: string } }) => {
    const tag = /\((ROAD\w+)\)/.exec(event.message.text)?.[1]
    if (tag) at.set(tag, performance.now())
  })
  await new Promise<void>((resolve, reject) => {
    socket.once('session:ready', () => resolve())
    socket.once('connect_error', reject)
  })
  return { at, close: () => void socket.disconnect() }
}

const dispatcher = new Agent({ connections: 64, pipelining: 1, headersTimeout: PATIENCE_MS })
let made = 0

interface Road {
  port: number
  /** Counts its processes and the servers. */
  meter: Meter
  idle?: Spending
  received: { at: Map<string, number> }
  /** Histograms of the services whose means show where the time goes. */
  hops?: Record<string, { port: number; histogram: string }>
}

async function turnOf(road: Road, seconds = SECONDS): Promise<Turn> {
  const before = await sums(road)
  const unspent = await road.meter.read()
  const sent = new Map<string, number>()
  const acknowledged: number[] = []
  const startedAt = performance.now()
  const posts: Promise<void>[] = []
  for (let i = 0; i < PER_SECOND * seconds; i++) {
    const waitMs = startedAt + (i * 1000) / PER_SECOND - performance.now()
    if (waitMs > 0.5) await sleep(waitMs)
    posts.push(post(road.port, `ROAD${++made}x${process.pid}`, sent, acknowledged))
  }
  await Promise.all(posts)
  const { at } = road.received
  const isWhole = () => [...sent.keys()].every(tag => at.has(tag))
  for (const until = performance.now() + PATIENCE_MS; !isWhole() && performance.now() < until; ) await sleep(20)
  const latencies = [...sent]
    .flatMap(([tag, from]) => (at.has(tag) ? [(at.get(tag) as number) - from] : []))
    .sort((a, b) => a - b)
  acknowledged.sort((a, b) => a - b)
  const spent = between(unspent, await road.meter.read())
  const after = await sums(road)
  const means = Object.keys(after).map(hop => [hop, meanMs(before[hop], after[hop])])
  return {
    'p50 ms': percentile(latencies, 0.5),
    'p99 ms': percentile(latencies, 0.99),
    'acknowledged p50 ms': percentile(acknowledged, 0.5),
    'p99 ms of it': percentile(acknowledged, 0.99),
    ...Object.fromEntries(means),
    ...cpuPerOperation(road.idle ? beyondIdle(spent, road.idle) : spent, sent.size),
    lost: sent.size - latencies.length,
  }
}

type Sum = { sum: number; count: number }

async function sums({ hops = {} }: Road): Promise<Record<string, Sum>> {
  const read = async ([hop, { port, histogram }]: [string, { port: number; histogram: string }]) => {
    const page = await (await request(`http://127.0.0.1:${port}/metrics`)).body.text()
    const value = (end: string) => Number(new RegExp(`^${histogram}_${end} (\\S+)$`, 'm').exec(page)?.[1] ?? 0)
    return [hop, { sum: value('sum'), count: value('count') }] as const
  }
  return Object.fromEntries(await Promise.all(Object.entries(hops).map(read)))
}

const meanMs = (before?: Sum, after?: Sum) =>
  before && after ? ((after.sum - before.sum) / (after.count - before.count)) * 1000 : Number.NaN

async function post(port: number, tag: string, sent: Map<string, number>, acknowledged: number[]): Promise<void> {
  const body = inboundBody(made % CONTACTS, tag)
  const headers = { 'content-type': 'application/json', 'x-hub-signature-256': sign(body, APP_SECRET) }
  const from = performance.now()
  sent.set(tag, from)
  const response = await request(`http://127.0.0.1:${port}/api/v1/webhook`, { method: 'POST', body, headers, dispatcher })
  await response.body.dump()
  if (response.statusCode !== 200) throw new Error(`a webhook was answered ${response.statusCode}`)
  acknowledged.push(performance.now() - from)
}

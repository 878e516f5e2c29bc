import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { Types } from 'mongoose'
import { io } from 'socket.io-client'
import { type AccessClaims, signAccessToken } from '#shared/auth/access-token.ts'
import { revocationChannel } from '#shared/contracts/revocation.ts'
import type { EventDoc } from '#shared/model/documents.ts'
import { eventMessages } from '#shared/queue/event-message.ts'
import { createRealtimeClient } from '#shared/realtime-client/client.ts'
import { JWT_SECRET } from '#test/load/bed.ts'
import { startChild } from '#test/load/child.ts'
import { percentile } from '#test/load/measure/figures.ts'
import type { Facts } from '../trial.ts'
import { addToHash, START } from './sockets/hash.ts'
import type { ClientJob, ClientReport } from './sockets/types.ts'
import { addTenants, openSocketWorld, type SocketWorld } from './sockets/world.ts'

const SOCKETS = Number(process.env.TRIAL_SOCKETS ?? 3000)
const TENANTS = 30
const PER_SECOND = Number(process.env.TRIAL_RATE ?? 300)
const CUT_MS = Number(process.env.TRIAL_OUTAGE_S ?? 60) * 1000
const BETWEEN_MS = 10_000
const PATIENCE_MS = 180_000
const CONVERSATIONS = 20

/**
 * Three nodes behind nginx under load: each is killed with -9, Redis is restarted, one node is cut off from Redis. Then
 * every client must have received exactly its tenant's events, each once, in order.
 */
export async function run(): Promise<Facts> {
  await using world = await openSocketWorld()
  const people = await addTenants(world.store, TENANTS)
  await using clients = await startChild('test/system/trials/sockets/clients.ts', process.env)
  const job: ClientJob = {
    url: world.url,
    jwtSecret: JWT_SECRET,
    people: Array.from({ length: SOCKETS }, (_, i) => people[i % TENANTS] as AccessClaims),
  }
  clients.process.send(job)
  const ask = () => clients.ask<ClientReport>('report')
  await until(async () => (await ask()).live === SOCKETS)

  const publisher = publish(world, people)
  await sleep(BETWEEN_MS)
  for (const node of world.nodes) {
    node.kill('SIGKILL')
    await sleep(BETWEEN_MS)
  }
  world.servers.redis.supervised?.kill('SIGKILL')
  await sleep(BETWEEN_MS)
  world.network.cutRedis()
  await sleep(CUT_MS)
  world.network.mendRedis()
  await sleep(BETWEEN_MS)
  await publisher.stop()
  const stoppedAt = performance.now()
  await until(async () => (await world.store.raw.events.countDocuments({ seq: null })) === 0)
  const isWhole = await until(async () => (await compare(world, people, await ask())).behind === 0)
  const settledS = (performance.now() - stoppedAt) / 1000
  const verdict = await compare(world, people, await ask())
  const facts: Facts = {
    'events published, sockets, tenants': [`${publisher.count()}, ${SOCKETS}, ${TENANTS}`, null],
    'events with a seq': [verdict.events, verdict.events === publisher.count()],
    'sockets that miss something': [verdict.behind, isWhole && verdict.behind === 0],
    'sockets that received something else, doubled or out of order': [verdict.wrong, verdict.wrong === 0],
    'events of another tenant received': [verdict.foreign, verdict.foreign === 0],
    's until every socket was whole': [settledS.toFixed(1), null],
    ...(await sleeper(world, people[0] as AccessClaims)),
    ...(await flood(world, people)),
    ...(await revoked(world, people[1] as AccessClaims)),
  }
  clients.process.send('close')
  return facts
}

async function until(fact: () => Promise<boolean>): Promise<boolean> {
  for (const end = performance.now() + PATIENCE_MS; performance.now() < end; await sleep(250)) if (await fact()) return true
  return false
}

let made = 0

/** As a service does: rows first, then the messages. Facts only, for a state may be folded into a later one. */
async function emit({ store, queue }: SocketWorld, people: AccessClaims[]): Promise<void> {
  const now = new Date()
  const rows = people.map(({ tenantId }): EventDoc => {
    const n = ++made
    const conversationId = new Types.ObjectId(tenantId.slice(0, 20) + String(n % CONVERSATIONS).padStart(4, '0'))
    return {
      _id: `trial:${n}`,
      tenantId: new Types.ObjectId(tenantId),
      name: 'message:status',
      at: now,
      clientId: null,
      conversationId,
      userId: null,
      payload: { messageId: `m${n}`, status: 'delivered', conversationId: String(conversationId), text: 'x'.repeat(150) },
      createdAt: now,
    }
  })
  await store.raw.events.insertMany(rows)
  // What is not confirmed here would be published again by the sender's sweep; there is none.
  for (let left = eventMessages(rows, null); left.length > 0; ) {
    const results = await Promise.allSettled(left.map(message => queue.publish(message)))
    left = left.filter((_, i) => results[i]?.status === 'rejected')
  }
}

function publish(world: SocketWorld, people: AccessClaims[]) {
  const stop = new AbortController()
  const from = made
  const everyMs = (people.length * 1000) / PER_SECOND
  const running = (async () => {
    const startedAt = performance.now()
    for (let round = 0; !stop.signal.aborted; round++) {
      const waitMs = startedAt + round * everyMs - performance.now()
      if (waitMs > 1) await sleep(waitMs)
      await emit(world, people)
    }
  })()
  return {
    count: () => made - from,
    async stop() {
      stop.abort()
      await running
    },
  }
}

/** Compares what every client received with the log. */
async function compare({ store }: SocketWorld, people: AccessClaims[], { received }: ClientReport) {
  const stored = new Map<string, { last: number; hash: number }>()
  let events = 0
  for (const { tenantId } of people) {
    const rows = await store.raw.events
      .find({ tenantId: new Types.ObjectId(tenantId), seq: { $gt: 0 } }, { projection: { seq: 1 } })
      .sort({ seq: 1 })
      .toArray()
    events += rows.length
    stored.set(tenantId, { last: rows.length, hash: rows.reduce((hash, row) => addToHash(hash, row._id), START) })
  }
  const behind = received.filter(({ tenantId, last }) => last < (stored.get(tenantId)?.last ?? 0)).length
  const wrong = received.filter(one => one.disorder > 0 || one.hash !== stored.get(one.tenantId)?.hash).length
  return { events, behind, wrong, foreign: received.reduce((sum, one) => sum + one.foreign, 0) }
}

const tokenOf = (person: AccessClaims) => signAccessToken(person, { secret: JWT_SECRET, ttlMs: 600_000 })

/** Away for 500 events: how long is it until all of them are received? */
async function sleeper(world: SocketWorld, person: AccessClaims): Promise<Facts> {
  const before = await latest(world, person)
  for (let i = 0; i < 500; i += 50) await Promise.all(Array.from({ length: 50 }, () => emit(world, [person])))
  await until(async () => (await latest(world, person)) === before + 500)
  const from = performance.now()
  let count = 0
  await new Promise<void>(resolve => {
    const client = createRealtimeClient({
      url: world.url,
      token: () => tokenOf(person),
      sinceSeq: before,
      onEvent: () => {
        if (++count < 500) return
        client.close()
        resolve()
      },
    })
  })
  const ms = performance.now() - from
  return { 'a client that missed 500 events: ms until complete (< 1,000)': [ms.toFixed(0), ms < 1000] }
}

async function latest({ store }: SocketWorld, { tenantId }: AccessClaims): Promise<number> {
  const [row] = await store.raw.events
    .find({ tenantId: new Types.ObjectId(tenantId), seq: { $gt: 0 } })
    .sort({ seq: -1 })
    .limit(1)
    .toArray()
  return row?.seq ?? 0
}

/** One socket says a thousand words a second; how long do the events of another tenant take meanwhile? */
async function flood(world: SocketWorld, people: AccessClaims[]): Promise<Facts> {
  const [loud, quiet] = [people[2], people[3]] as [AccessClaims, AccessClaims]
  const options = { transports: ['websocket'], forceNew: true, reconnection: false }
  const noisy = io(world.url, { ...options, auth: { token: await tokenOf(loud) } })
  const calm = io(world.url, { ...options, auth: { token: await tokenOf(quiet) } })
  const ready = (socket: typeof calm) => new Promise<void>(resolve => socket.once('session:ready', () => resolve()))
  await Promise.all([ready(noisy), ready(calm)])
  let ended: string | null = null
  let limited = 0
  noisy.on('session:ended', ({ reason }) => {
    ended = reason
  })
  const delays: number[] = []
  calm.on('message:status', ({ at }) => delays.push(Date.now() - Date.parse(at)))
  for (let i = 0; i < 300; i++) {
    for (let word = 0; word < 10; word++)
      noisy.emit('typing:start', { conversationId: '0'.repeat(24) }, (answer: { errorCode?: string }) => {
        if (answer.errorCode === 'RATE_LIMITED') limited++
      })
    if (i % 5 === 0) await emit(world, [quiet])
    await sleep(10)
  }
  await sleep(500)
  noisy.disconnect()
  calm.disconnect()
  delays.sort((a, b) => a - b)
  const p99 = percentile(delays, 0.99)
  return {
    'a flood of 1,000 words a second ends as': [ended ?? `${limited} answers RATE_LIMITED`, ended === 'flood' || limited > 0],
    'events of another tenant meanwhile: p50, p99 ms': [`${percentile(delays, 0.5)}, ${p99}`, delays.length === 60 && p99 < 250],
  }
}

/** A token is revoked: how long do its sockets live on, on three nodes? */
async function revoked({ url, store, servers }: SocketWorld, person: AccessClaims): Promise<Facts> {
  const sockets = await Promise.all(
    Array.from({ length: 30 }, async () => {
      const auth = { token: await tokenOf(person) }
      const socket = io(url, { transports: ['websocket'], forceNew: true, reconnection: false, auth })
      await new Promise<void>(resolve => socket.once('session:ready', () => resolve()))
      return socket
    }),
  )
  const closed = Promise.all(sockets.map(socket => new Promise<void>(resolve => socket.once('disconnect', () => resolve()))))
  const redis = new Redis(servers.redis.url)
  const from = performance.now()
  await store.raw.users.updateOne({ _id: new Types.ObjectId(person.userId) }, { $inc: { tokenVersion: 1 } })
  await redis.publish(
    revocationChannel(store.connection.name),
    JSON.stringify({ tenantId: person.tenantId, userId: person.userId }),
  )
  await closed
  const ms = performance.now() - from
  redis.disconnect()
  return { '30 sockets of a revoked token on three nodes: ms until closed (< 1,000)': [ms.toFixed(0), ms < 1000] }
}

import { createServer } from 'node:http'
import { io, type Socket } from 'socket.io-client'
import { onTestFinished } from 'vitest'
import { startFanout } from '#services/realtime/fanout.ts'
import { connectRedisPair } from '#services/realtime/redis.ts'
import { openSockets } from '#services/realtime/sockets.ts'
import type { UnprovenLimits } from '#services/realtime/unproven.ts'
import { signAccessToken } from '#shared/auth/access-token.ts'
import type { EventName } from '#shared/contracts/realtime-event.ts'
import type { UserDoc } from '#shared/model/documents.ts'
import { listen } from '#shared/process/health.ts'
import { eventMessages } from '#shared/queue/event-message.ts'
import type { Queue } from '#shared/queue/types.ts'
import type { Store } from '#shared/store/connect.ts'
import type { World } from '../world.ts'
import { log, openQueue } from './ingest.ts'

export const JWT_SECRET = 'a-secret-of-at-least-thirty-two-bytes!'

/** Limits of a node that a test lowers. */
export interface NodeLimits {
  perTenant?: number
  unproven?: UnprovenLimits
}

/** One realtime node without its process. */
export async function startNode(
  world: World,
  store: Store,
  transports: ('websocket' | 'polling')[] = ['websocket'],
  { perTenant = 100, unproven }: NodeLimits = {},
) {
  const queue = await openQueue(world)
  const redis = await connectRedisPair(world.redisUrl, log)
  const server = createServer()
  const config = {
    JWT_SECRET,
    CORS_ORIGIN: ['http://dashboard.test'],
    SOCKET_TRANSPORTS: transports,
    SOCKETS_PER_TENANT: perTenant,
    SOCKETS_PER_USER: 20,
    SOCKET_EVENTS_PER_TENANT: 30,
    TRUST_PROXY: 0,
  }
  const sockets = openSockets({ server, store, redis, config, log, ...(unproven && { unproven }) })
  const listening = await listen(server, '127.0.0.1', 0)
  const fanout = await startFanout({ store, queue, sockets, log })
  let isStopped = false
  const stop = async () => {
    if (isStopped) return
    isStopped = true
    await fanout[Symbol.asyncDispose]()
    await sockets[Symbol.asyncDispose]()
    await listening[Symbol.asyncDispose]()
    await redis[Symbol.asyncDispose]()
  }
  onTestFinished(stop)
  return { url: `http://127.0.0.1:${listening.port}`, sockets, stop }
}

export async function userByEmail(store: Store, email: string): Promise<UserDoc> {
  const user = await store.raw.users.findOne({ email })
  if (user === null) throw new Error(`no user ${email}`)
  return user
}

export const tokenOf = (user: UserDoc, ttlMs = 60_000, secret = JWT_SECRET) =>
  signAccessToken(
    {
      userId: String(user._id),
      tenantId: String(user.tenantId),
      role: user.role,
      tokenVersion: user.tokenVersion,
    },
    { secret, ttlMs },
  )

export interface ReceivedEvent {
  name: string
  payload: Record<string, unknown>
}

/** Client that records every event it receives. Rejects when it is refused. */
export async function connectClient(
  url: string,
  token: unknown,
  more: { sinceSeq?: number; organizationId?: unknown } = {},
  transports: ('websocket' | 'polling')[] = ['websocket'],
): Promise<{ socket: Socket; received: ReceivedEvent[]; named(name: string): ReceivedEvent['payload'][] }> {
  const received: ReceivedEvent[] = []
  const socket = io(url, { auth: { token, ...more }, transports, reconnection: false, forceNew: true, timeout: 60_000 })
  onTestFinished(() => void socket.disconnect())
  socket.onAny((name, payload) => received.push({ name, payload }))
  await new Promise<void>((resolve, reject) => {
    socket.once('connect_error', reject)
    socket.once('disconnect', reason => reject(new Error(reason)))
    socket.once('session:ready', () => resolve())
  })
  return { socket, received, named: name => received.filter(item => item.name === name).map(item => item.payload) }
}

/** As any service does it: the row first, then the message. */
export async function publishEvent(
  store: Store,
  queue: Queue,
  tenantId: UserDoc['tenantId'],
  eventId: string,
  name: EventName = 'client:status',
  more: Record<string, unknown> = {},
) {
  const at = new Date()
  const payload = { clientId: eventId, status: 'active', reason: null, ...more }
  const row = { _id: eventId, tenantId, name, at, clientId: null, conversationId: null, userId: null, payload, createdAt: at }
  await store.raw.events.insertOne(row).catch(() => undefined)
  await Promise.all(eventMessages([row], null).map(message => queue.publish(message)))
}

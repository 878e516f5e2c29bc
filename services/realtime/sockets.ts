import { randomUUID } from 'node:crypto'
import type { Server as HttpServer } from 'node:http'
import { createAdapter } from '@socket.io/redis-adapter'
import { Server, type Socket } from 'socket.io'
import type { VerifiedAccess } from '#shared/auth/access-token.ts'
import { Revocation, revocationChannel } from '#shared/contracts/revocation.ts'
import type { ClientToServerEvents, ServerToClientEvents } from '#shared/contracts/socket-events.ts'
import type { Logger } from '#shared/process/logger.ts'
import { socketConnections } from '#shared/process/metrics.ts'
import type { Store } from '#shared/store/connect.ts'
import { latestSeq, latestSeqs } from '#shared/store/events.ts'
import { identify, stillHolds } from './authenticate.ts'
import type { RealtimeConfig } from './config.ts'
import { createPresence } from './presence.ts'
import type { RedisPair } from './redis.ts'
import { endSession, serveSession, userOf } from './session.ts'

interface SocketData {
  access: VerifiedAccess
  expiry?: NodeJS.Timeout
}
export type LinkoServer = Server<ClientToServerEvents, ServerToClientEvents, Record<string, never>, SocketData>
export type LinkoSocket = Socket<ClientToServerEvents, ServerToClientEvents, Record<string, never>, SocketData>

export interface Sockets extends AsyncDisposable {
  io: LinkoServer
}

export interface SocketsDeps {
  server: HttpServer
  store: Store
  redis: RedisPair
  config: Pick<RealtimeConfig, 'JWT_SECRET' | 'CORS_ORIGIN' | 'SOCKET_TRANSPORTS' | 'SOCKETS_PER_TENANT' | 'SOCKETS_PER_USER'>
  log: Logger
}

const TICK_MS = 15_000
const RECHECK_MS = 20_000
const SLOW_MS = 2000
const SLOW_BYTES = 4 * 1024 * 1024
const DRAIN_MS = 500

/** Socket.io on every node, joined by Redis. A socket's rooms come from its verified identity, never from its wishes. */
export function openSockets({ server, store, redis, config, log }: SocketsDeps): Sockets {
  const database = store.connection.name
  const node = randomUUID()
  const presence = createPresence(redis.publisher, `linko:${database}`)
  const io: LinkoServer = new Server(server, {
    adapter: createAdapter(redis.publisher, redis.subscriber, { key: `linko:${database}:io` }),
    transports: config.SOCKET_TRANSPORTS,
    cors: { origin: config.CORS_ORIGIN, credentials: true },
    allowRequest: (request, answer) => {
      const { origin } = request.headers
      answer(null, origin === undefined || config.CORS_ORIGIN.includes(origin))
    },
    serveClient: false,
    perMessageDeflate: false,
    maxHttpBufferSize: 64 * 1024,
    pingInterval: 25_000,
    pingTimeout: 20_000,
  })
  io.of('/').adapter.on('error', (error: Error) => log.warn({ err: error }, 'socket adapter'))
  const localIn = (room: string) => io.of('/').adapter.rooms.get(room)?.size ?? 0
  const local = () => [...io.of('/').sockets.values()]

  io.use((socket, next) => {
    identify(store, socket.handshake.auth.token, config.JWT_SECRET).then(
      access => {
        if (access === null) return next(new Error('UNAUTHENTICATED'))
        const isFull =
          localIn(`user:${access.userId}`) >= config.SOCKETS_PER_USER ||
          localIn(`tenant:${access.tenantId}`) >= config.SOCKETS_PER_TENANT
        if (isFull) return next(new Error('TOO_MANY_SOCKETS'))
        socket.data.access = access
        next()
      },
      error => {
        log.warn({ err: error }, 'a handshake could not be checked')
        next(new Error('UNAVAILABLE'))
      },
    )
  })

  io.on('connection', socket => {
    socketConnections.inc()
    socket.on('disconnect', () => {
      socketConnections.dec()
      depart(socket).catch(() => undefined)
    })
    welcome(socket).catch(error => {
      log.warn({ err: error }, 'a session could not begin')
      socket.disconnect(true)
    })
  })

  /** Rooms first, then the number from which on everything follows: no event can fall in between. */
  async function welcome(socket: LinkoSocket): Promise<void> {
    const { tenantId, userId, email, name, role } = socket.data.access
    serveSession(socket, { store, presence, jwtSecret: config.JWT_SECRET })
    const clients = await store.models.clients.find({ tenantId, deletedAt: null }, { _id: 1 }).lean()
    const rooms = [`tenant:${tenantId}`, `user:${userId}`, ...clients.map(client => `client:${client._id}`)]
    await socket.join(rooms)
    const seq = await latestSeq(store, tenantId)
    const user = userOf(socket)
    const isNew = await presence.enter(tenantId, user, node)
    const online = await presence.present(tenantId)
    socket.emit('session:ready', { seq, user: { id: userId, name, email, role, tenantId }, rooms, online })
    if (isNew) tellPresence(socket, 'online')
  }

  async function depart(socket: LinkoSocket): Promise<void> {
    const { tenantId, userId } = socket.data.access
    if (localIn(`user:${userId}`) > 0) return
    if (await presence.leave(tenantId, userOf(socket), node)) tellPresence(socket, 'offline')
  }

  function tellPresence(socket: LinkoSocket, status: 'online' | 'offline'): void {
    const user = userOf(socket)
    const told = { userId: user.id, user, status, conversationId: null, at: new Date().toISOString() }
    io.to(`tenant:${socket.data.access.tenantId}`).emit('presence', told)
  }

  /** Reveals a lost last event; after a loss of Redis at once. */
  async function tick(): Promise<void> {
    const tenants = [...new Set(local().map(socket => socket.data.access.tenantId))]
    if (tenants.length === 0) return
    const seqs = await latestSeqs(store, tenants)
    for (const tenantId of tenants) io.local.to(`tenant:${tenantId}`).emit('tick', { seq: seqs.get(tenantId) ?? 0 })
  }

  /** Revoked tokens end within a second by the word of Redis, within half a minute without it. */
  async function recheck(sockets: LinkoSocket[]): Promise<void> {
    const checked = new Map<string, Promise<boolean>>()
    for (const socket of sockets) {
      const { access } = socket.data
      const key = `${access.userId}:${access.tokenVersion}:${access.role}`
      const holds = checked.get(key) ?? stillHolds(store, access)
      checked.set(key, holds)
      if (!(await holds)) endSession(socket, 'revoked')
    }
  }

  function onRevocation(channel: string, text: string): void {
    if (channel !== revocationChannel(database)) return
    const revoked = parseRevocation(text)
    if (revoked === null) return
    const isMeant = ({ data: { access } }: LinkoSocket) =>
      access.tenantId === revoked.tenantId && (revoked.userId === null || access.userId === revoked.userId)
    recheck(local().filter(isMeant)).catch(error => log.warn({ err: error }, 'revocation not checked yet'))
  }

  async function keepPresence(): Promise<void> {
    const users = new Map(local().map(socket => [socket.data.access.userId, socket]))
    for (const socket of users.values()) await presence.enter(socket.data.access.tenantId, userOf(socket), node)
  }

  /** A client that does not read is cut, and catches up from the log: its backlog must not fill our memory. */
  function cutSlow(): void {
    for (const socket of local()) if (bufferedBytes(socket) > SLOW_BYTES) endSession(socket, 'slow')
  }

  const quietly = (work: () => Promise<void>) => () => void work().catch(error => log.warn({ err: error }, 'realtime chores'))
  const timers = [
    setInterval(quietly(tick), TICK_MS),
    setInterval(quietly(keepPresence), TICK_MS),
    setInterval(
      quietly(() => recheck(local())),
      RECHECK_MS,
    ),
    setInterval(cutSlow, SLOW_MS),
  ]
  for (const timer of timers) timer.unref()
  redis.subscriber.on('ready', quietly(tick))
  redis.subscriber.on('message', onRevocation)
  redis.subscriber.subscribe(revocationChannel(database)).catch(error => log.warn({ err: error }, 'no revocations heard'))

  return {
    io,
    async [Symbol.asyncDispose]() {
      for (const timer of timers) clearInterval(timer)
      io.local.emit('session:ended', { reason: 'moving' })
      await new Promise(resolve => setTimeout(resolve, local().length > 0 ? DRAIN_MS : 0))
      io.local.disconnectSockets(true)
      await io.close()
    },
  }
}

function parseRevocation(text: string): Revocation | null {
  try {
    return Revocation.parse(JSON.parse(text))
  } catch {
    return null
  }
}

/** What waits in the kernel's stead: bytes of the WebSocket, packets of the engine. */
function bufferedBytes({ conn }: LinkoSocket): number {
  const { socket } = conn.transport as { socket?: { bufferedAmount?: number } }
  return socket?.bufferedAmount ?? 0
}

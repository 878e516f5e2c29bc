import { randomUUID } from 'node:crypto'
import type { Server as HttpServer } from 'node:http'
import { createAdapter } from '@socket.io/redis-adapter'
import { Server } from 'socket.io'
import type { SequencedEvent, SessionReady, SocketUser } from '#shared/contracts/socket-events.ts'
import type { Logger } from '#shared/process/logger.ts'
import { eventToSocket, socketConnections, socketEvents } from '#shared/process/metrics.ts'
import { findAvailabilities } from '#shared/store/accounts/users.ts'
import type { Store } from '#shared/store/connect.ts'
import { eventsSince, latestSeq } from '#shared/store/events/sequence.ts'
import { findClientIds } from '#shared/store/numbers/clients.ts'
import { identify } from './authenticate.ts'
import { startBackground } from './background.ts'
import type { RealtimeConfig } from './config.ts'
import { terminate } from './connection.ts'
import { emitEvent } from './emit.ts'
import { createFeeds } from './feed.ts'
import { createPresence } from './presence.ts'
import { createSecondRate } from './rates.ts'
import type { RedisPair } from './redis.ts'
import { HELD, replay } from './replay.ts'
import { serveSession, userOf } from './session.ts'
import type { LinkoServer, LinkoSocket } from './socket-types.ts'

export interface Sockets extends AsyncDisposable {
  io: LinkoServer
  /** Numbered events to the sockets of this node and, in one message, to the other nodes. */
  tell(events: SequencedEvent[]): void
}

export interface SocketsDeps {
  server: HttpServer
  store: Store
  redis: RedisPair
  config: Pick<
    RealtimeConfig,
    'JWT_SECRET' | 'CORS_ORIGIN' | 'SOCKET_TRANSPORTS' | 'SOCKETS_PER_TENANT' | 'SOCKETS_PER_USER' | 'SOCKET_EVENTS_PER_TENANT'
  >
  log: Logger
}

const DRAIN_MS = 500
const LEAVE_MS = 1000

/** Socket.io on every node, joined by Redis. A socket's rooms come from its verified identity, never from its wishes. */
export function openSockets({ server, store, redis, config, log }: SocketsDeps): Sockets {
  const database = store.connection.name
  const node = randomUUID()
  const words = createSecondRate()
  const presence = createPresence(redis, `linko:${database}`)
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

  const feeds = createFeeds({
    emit: event => emitLocally(io, event),
    latest: tenantId => latestSeq(store, tenantId),
    readLog: (tenantId, afterSeq, limit) => eventsSince(store, tenantId, afterSeq, limit),
    log,
  })
  io.on('events', events => feeds.accept(events))

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
    const welcomed = welcome(socket)
    welcomed.catch(error => {
      log.warn({ err: error }, 'a session could not begin')
      socket.disconnect(true)
    })
    serveSession(socket, {
      store,
      presence,
      feeds,
      welcomed,
      words,
      perTenant: config.SOCKET_EVENTS_PER_TENANT,
      jwtSecret: config.JWT_SECRET,
    })
  })

  /**
   * The rooms, the position from which on everything follows and the first word, all in one tick: no event falls in between.
   * A client that says how far it has heard is told the rest before anything live.
   */
  async function welcome(socket: LinkoSocket): Promise<void> {
    const { tenantId, userId, email, name, role } = socket.data.access
    const [clientIds, online] = await Promise.all([
      findClientIds(store, tenantId),
      presence.present(tenantId).then(users => withAvailability(store, tenantId, users)),
    ])
    const rooms = [`tenant:${tenantId}`, `user:${userId}`, ...clientIds.map(id => `client:${id}`)]
    await feeds.open(tenantId)
    if (socket.disconnected) return
    void socket.join(rooms)
    const seq = feeds.position(tenantId) as number
    socket.emit('session:ready', { seq, user: { id: userId, name, email, role, tenantId }, rooms, online })
    catchUp(socket)
    if (await presence.enter(tenantId, userOf(socket), node)) emitPresence(socket, 'online')
  }

  function catchUp(socket: LinkoSocket): void {
    const { sinceSeq } = socket.handshake.auth
    if (!Number.isSafeInteger(sinceSeq) || sinceSeq < 0) return
    replay(socket, { store, feeds }, sinceSeq).catch(error => {
      log.warn({ err: error }, 'a client could not catch up')
      socket.disconnect(true)
    })
  }

  async function depart(socket: LinkoSocket): Promise<void> {
    const { tenantId, userId } = socket.data.access
    if (localIn(`user:${userId}`) > 0) return
    if (await presence.leave(tenantId, userOf(socket), node)) emitPresence(socket, 'offline')
  }

  function emitPresence(socket: LinkoSocket, status: 'online' | 'offline'): void {
    const user = userOf(socket)
    const payload = { userId: user.id, user, status, conversationId: null, at: new Date().toISOString() }
    io.to(`tenant:${socket.data.access.tenantId}`).emit('presence', payload)
  }

  const background = startBackground({ io, store, redis, feeds, presence, node, log })

  return {
    io,
    tell(events) {
      feeds.accept(events)
      // Without Redis the other nodes read the log; what waited here would only come late.
      if (events.length > 0 && redis.isReady()) io.serverSideEmit('events', events)
    },
    async [Symbol.asyncDispose]() {
      const jobsEnded = background[Symbol.asyncDispose]()
      io.local.emit('session:ended', { reason: 'moving' })
      await new Promise(resolve => setTimeout(resolve, local().length > 0 ? DRAIN_MS : 0))
      const connections = local().map(({ conn }) => conn)
      io.local.disconnectSockets(true)
      // Who does not take its leave in that time would keep this process for half a minute.
      const late = setTimeout(() => connections.forEach(terminate), LEAVE_MS)
      await io.close()
      clearTimeout(late)
      await jobsEnded
    },
  }
}

/** One emission to the union of its rooms: a socket that is in several gets it once. */
function emitLocally(io: LinkoServer, event: SequencedEvent): void {
  const rooms = [`tenant:${event.tenantId}`]
  if (event.clientId) rooms.push(`client:${event.clientId}`)
  if (event.userId) rooms.push(`user:${event.userId}`)
  if (event.conversationId) rooms.push(`conversation:${event.conversationId}`)
  socketEvents.inc({ event: event.name }, emitEvent(io.local.to(rooms).except(HELD), event))
  eventToSocket.observe(Math.max(0, Date.now() - Date.parse(event.at)) / 1000)
}

async function withAvailability(store: Store, tenantId: string, users: SocketUser[]): Promise<SessionReady['online']> {
  if (users.length === 0) return []
  const known = await findAvailabilities(
    store,
    tenantId,
    users.map(({ id }) => id),
  )
  return users.map(user => ({ ...user, availability: known.get(user.id) ?? 'available' }))
}

import { randomUUID } from 'node:crypto'
import type { Server as HttpServer } from 'node:http'
import type { SequencedEvent } from '#shared/contracts/socket-events.ts'
import type { Logger } from '#shared/process/logger.ts'
import { eventToSocket, socketConnections, socketEvents } from '#shared/process/metrics.ts'
import type { Store } from '#shared/store/connect.ts'
import { eventsSince, latestSeq } from '#shared/store/events/sequence.ts'
import { findOwnConversationIds } from '#shared/store/inbox/visibility.ts'
import { startBackground } from './background.ts'
import type { RealtimeConfig } from './config.ts'
import { terminate } from './connection.ts'
import { emitEvent, everyEvent } from './emit.ts'
import { Feeds } from './feed.ts'
import { OwnConversations } from './own-conversations.ts'
import { emitToOwners } from './own-events.ts'
import { createPresence } from './presence.ts'
import { createSecondRate } from './rates.ts'
import type { RedisPair } from './redis.ts'
import { HELD } from './replay.ts'
import { createServer, requireAccess } from './server.ts'
import { type SessionDeps, serveSession } from './session.ts'
import { type LinkoServer, type LinkoSocket, localSockets } from './socket-types.ts'
import type { UnprovenLimits } from './unproven.ts'
import { depart, type WelcomeDeps, welcome } from './welcome.ts'

export interface Sockets extends AsyncDisposable {
  io: LinkoServer
  /** Emits numbered events to the sockets of this node and sends them, in one message, to the other nodes. */
  emit(events: SequencedEvent[]): void
}

export interface SocketsDeps {
  server: HttpServer
  store: Store
  redis: RedisPair
  config: Pick<
    RealtimeConfig,
    | 'JWT_SECRET'
    | 'CORS_ORIGIN'
    | 'SOCKET_TRANSPORTS'
    | 'SOCKETS_PER_TENANT'
    | 'SOCKETS_PER_USER'
    | 'SOCKET_EVENTS_PER_TENANT'
    | 'TRUST_PROXY'
  >
  log: Logger
  /** Of connections that have not shown a valid token; tests choose less than the built-in ones. */
  unproven?: UnprovenLimits
}

/** Own conversations that are followed for a user: the most recently active ones. */
const MOST_OWN = 50_000
const DRAIN_MS = 500
const LEAVE_MS = 1000

/** Serves the sockets of this node. A socket's rooms follow from its verified identity, never from its requests. */
export function openSockets({ server, store, redis, config, log, unproven }: SocketsDeps): Sockets {
  const prefix = `linko:${store.connection.name}`
  const node = randomUUID()
  const presence = createPresence(redis, prefix)
  const io = createServer({ server, redis, prefix, config, log })
  const own = new OwnConversations(async (tenantId, userId) =>
    (await findOwnConversationIds(store, tenantId, userId, MOST_OWN)).map(String),
  )
  const feeds = openFeeds(io, own, store, log)
  requireAccess(io, { store, config, log, unproven })
  const perTenant = config.SOCKET_EVENTS_PER_TENANT
  const session = { store, presence, feeds, own, requests: createSecondRate(), perTenant, jwtSecret: config.JWT_SECRET }
  io.on('connection', socket => connect(socket, { io, store, feeds, own, presence, node, log }, session))
  const background = startBackground({ io, store, redis, feeds, presence, node, log })

  return {
    io,
    emit(events) {
      feeds.accept(events)
      // Without Redis the other nodes read the log; events that are queued for them here would only arrive late.
      if (events.length > 0 && redis.isReady()) io.serverSideEmit('events', events)
    },
    async [Symbol.asyncDispose]() {
      const jobsEnded = background[Symbol.asyncDispose]()
      await closeSockets(io)
      await jobsEnded
    },
  }
}

/** Opens feeds that emit to the sockets of this node, and accept the events that other nodes send. */
function openFeeds(io: LinkoServer, own: OwnConversations, store: Store, log: Logger): Feeds {
  const feeds = new Feeds({
    emit: event => emitLocally(io, own, event),
    latest: tenantId => latestSeq(store, tenantId),
    readLog: (tenantId, afterSeq, limit) => eventsSince(store, tenantId, afterSeq, limit),
    log,
  })
  io.on('events', events => feeds.accept(events))
  return feeds
}

function connect(socket: LinkoSocket, deps: WelcomeDeps, session: Omit<SessionDeps, 'welcomed'>): void {
  socketConnections.inc()
  socket.on('disconnect', () => {
    socketConnections.dec()
    depart(socket, deps).catch(() => undefined)
  })
  const welcomed = welcome(socket, deps)
  welcomed.catch(error => {
    deps.log.warn({ err: error }, 'session not started')
    socket.disconnect(true)
  })
  serveSession(socket, { ...session, welcomed })
}

/** Asks every client to move to another node, and terminates the connections that remain. */
async function closeSockets(io: LinkoServer): Promise<void> {
  io.local.emit('session:ended', { reason: 'moving' })
  await new Promise(resolve => setTimeout(resolve, localSockets(io).length > 0 ? DRAIN_MS : 0))
  const connections = localSockets(io).map(({ conn }) => conn)
  io.local.disconnectSockets(true)
  // A client that does not answer the close would delay the stop by half a minute.
  const late = setTimeout(() => connections.forEach(terminate), LEAVE_MS)
  await io.close()
  clearTimeout(late)
}

/** Emits an event to the sockets of its tenant, each once; to those that see their own conversations alone if it is of these. */
function emitLocally(io: LinkoServer, own: OwnConversations, event: SequencedEvent): void {
  const count = emitEvent(io.local.to(everyEvent(event.tenantId)).except(HELD), event)
  socketEvents.inc({ event: event.name }, count + emitToOwners(io, own, event))
  eventToSocket.observe(Math.max(0, Date.now() - Date.parse(event.at)) / 1000)
}

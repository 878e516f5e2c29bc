import type { Server as HttpServer } from 'node:http'
import { createAdapter } from '@socket.io/redis-adapter'
import { Server } from 'socket.io'
import type { VerifiedAccess } from '#shared/auth/access-token.ts'
import { clientAddress } from '#shared/http/client-address.ts'
import type { Logger } from '#shared/process/logger.ts'
import type { Store } from '#shared/store/connect.ts'
import { Admission } from './admission.ts'
import { confirm, type SocketAccess, verifyToken } from './authenticate.ts'
import type { RealtimeConfig } from './config.ts'
import { inOrganization, type OrganizationRefusal } from './organization.ts'
import type { RedisPair } from './redis.ts'
import type { LinkoServer, LinkoSocket } from './socket-types.ts'
import { UnprovenConnections, type UnprovenLimits } from './unproven.ts'

export interface ServerDeps {
  server: HttpServer
  redis: RedisPair
  /** Separates installations that share a Redis. */
  prefix: string
  config: Pick<RealtimeConfig, 'CORS_ORIGIN' | 'SOCKET_TRANSPORTS'>
  log: Logger
}

export interface AccessDeps {
  store: Store
  config: Pick<RealtimeConfig, 'JWT_SECRET' | 'SOCKETS_PER_TENANT' | 'SOCKETS_PER_USER' | 'TRUST_PROXY'>
  log: Logger
  /** Of connections that have not shown a valid token. */
  unproven?: UnprovenLimits | undefined
}

/** Creates the Socket.io server, which Redis connects to the other nodes. */
export function createServer({ server, redis, prefix, config, log }: ServerDeps): LinkoServer {
  const io: LinkoServer = new Server(server, {
    adapter: createAdapter(redis.publisher, redis.subscriber, { key: `${prefix}:io` }),
    transports: config.SOCKET_TRANSPORTS,
    cors: { origin: config.CORS_ORIGIN, credentials: true },
    // CORS does not apply to WebSockets. A request without an origin does not come from a browser.
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
  io.of('/').adapter.on('error', (error: Error) => log.warn({ err: error }, 'socket adapter failed'))
  return io
}

/** Admits only sockets with a valid access token, up to the limits of a user and a tenant on one node. */
export function requireAccess(io: LinkoServer, deps: AccessDeps): void {
  const { SOCKETS_PER_USER: perUser, SOCKETS_PER_TENANT: perTenant } = deps.config
  const admission = new Admission({ perUser, perTenant })
  const unproven = new UnprovenConnections(deps.unproven)
  unproven.watch(io)
  io.use((socket, next) => {
    admit(socket, deps, { admission, unproven }).then(
      refusal => next(refusal === null ? undefined : new Error(refusal)),
      error => {
        deps.log.warn({ err: error }, 'handshake not checked')
        next(new Error('UNAVAILABLE'))
      },
    )
  })
}

interface Door {
  admission: Admission
  unproven: UnprovenConnections
}

/**
 * Gives a socket its place. The place is taken before the store is asked: those that come at the same moment count each, and a
 * crowd beyond the limit costs no reads.
 * @returns why the socket is refused; null when it is admitted @throws Outage
 */
async function admit(socket: LinkoSocket, { store, config }: AccessDeps, { admission, unproven }: Door): Promise<string | null> {
  const verified = verifyToken(socket.handshake.auth.token, config.JWT_SECRET)
  if (verified === null) return 'UNAUTHENTICATED'
  const free = admission.reserve(verified)
  if (free === null) return 'TOO_MANY_SOCKETS'
  const access = await accessOf(socket, verified, { store, config }).catch(error => {
    free()
    throw error
  })
  const { conn } = socket
  // A connection that has closed meanwhile would not tell again that its place is free.
  if (typeof access === 'string' || conn.readyState === 'closed') {
    free()
    return typeof access === 'string' ? access : 'UNAUTHENTICATED'
  }
  const leave = () => {
    free()
    conn.off('close', leave)
    unproven.add(conn)
  }
  // A socket whose connection closes before it is connected has no 'disconnect'.
  socket.once('disconnect', leave)
  conn.on('close', leave)
  socket.data.access = access
  unproven.proven(conn)
  return null
}

/** Access of a verified token in the tenant that the handshake asks for, or why it is refused. @throws Outage */
async function accessOf(
  { handshake, request }: LinkoSocket,
  verified: VerifiedAccess,
  { store, config }: Pick<AccessDeps, 'store' | 'config'>,
): Promise<SocketAccess | 'UNAUTHENTICATED' | OrganizationRefusal> {
  const access = await confirm(store, verified)
  if (access === null) return 'UNAUTHENTICATED'
  const ip = clientAddress(request.socket.remoteAddress, handshake.headers['x-forwarded-for'], config.TRUST_PROXY)
  return await inOrganization(store, access, { organizationId: handshake.auth.organizationId, ip })
}

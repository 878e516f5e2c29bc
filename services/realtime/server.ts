import type { Server as HttpServer } from 'node:http'
import { createAdapter } from '@socket.io/redis-adapter'
import { Server } from 'socket.io'
import type { Logger } from '#shared/process/logger.ts'
import type { Store } from '#shared/store/connect.ts'
import { identify } from './authenticate.ts'
import type { RealtimeConfig } from './config.ts'
import type { RedisPair } from './redis.ts'
import type { LinkoServer } from './socket-types.ts'

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
  config: Pick<RealtimeConfig, 'JWT_SECRET' | 'SOCKETS_PER_TENANT' | 'SOCKETS_PER_USER'>
  log: Logger
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
export function requireAccess(io: LinkoServer, { store, config, log }: AccessDeps): void {
  io.use((socket, next) => {
    identify(store, socket.handshake.auth.token, config.JWT_SECRET).then(
      access => {
        if (access === null) return next(new Error('UNAUTHENTICATED'))
        if (isFull(io, access, config)) return next(new Error('TOO_MANY_SOCKETS'))
        socket.data.access = access
        next()
      },
      error => {
        log.warn({ err: error }, 'handshake not checked')
        next(new Error('UNAVAILABLE'))
      },
    )
  })
}

/** Number of this node's sockets in a room. */
export const countIn = (io: LinkoServer, room: string): number => io.of('/').adapter.rooms.get(room)?.size ?? 0

function isFull(io: LinkoServer, access: { userId: string; tenantId: string }, config: AccessDeps['config']): boolean {
  return (
    countIn(io, `user:${access.userId}`) >= config.SOCKETS_PER_USER ||
    countIn(io, `tenant:${access.tenantId}`) >= config.SOCKETS_PER_TENANT
  )
}

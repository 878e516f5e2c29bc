import { z } from 'zod'
import { commonEnv, list, parseEnv, port } from '#shared/process/config.ts'

const realtimeEnv = commonEnv.extend({
  REALTIME_PORT: port(3002),
  RABBITMQ_URL: z.url(),
  MONGODB_URI: z.string().min(1),
  REDIS_URL: z.url(),
  JWT_SECRET: z.string().min(32),
  /** Proxies in front that are ours; the address of a client is in `X-Forwarded-For` then. */
  TRUST_PROXY: z.coerce.number().int().min(0).default(0),
  /** Allowed origins of browsers. Other programs send no origin and are always allowed. */
  CORS_ORIGIN: list(''),
  /** Long polling needs a proxy that keeps a client on one node. */
  SOCKET_TRANSPORTS: z
    .string()
    .default('websocket')
    .transform(list => list.split(',').map(name => name.trim()))
    .pipe(z.array(z.enum(['websocket', 'polling'])).min(1)),
  /** Connections of one node, of whatever kind; further ones are closed at once. */
  SOCKETS_PER_NODE: z.coerce.number().int().min(1).default(50_000),
  /** Sockets of one tenant on one node. */
  SOCKETS_PER_TENANT: z.coerce.number().int().min(1).default(5000),
  SOCKETS_PER_USER: z.coerce.number().int().min(1).default(20),
  /** Requests that all sockets of one tenant may make to one node in a second; a single socket may make 20. */
  SOCKET_EVENTS_PER_TENANT: z.coerce.number().int().min(1).default(1000),
})

export type RealtimeConfig = z.infer<typeof realtimeEnv>
export const readRealtimeConfig = (env: NodeJS.ProcessEnv): RealtimeConfig => parseEnv(realtimeEnv, env)

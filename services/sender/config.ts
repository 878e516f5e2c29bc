import { z } from 'zod'
import { commonEnv, duration, eventEnv, metaEnv, parseEnv, port } from '#shared/process/config.ts'
import { storageEnv } from '#shared/storage/open.ts'

const senderEnv = commonEnv.extend({
  ...storageEnv,
  SENDER_PORT: port(3003),
  MONGODB_URI: z.string().min(1),
  RABBITMQ_URL: z.string().min(1),
  REDIS_URL: z.string().min(1),
  ...metaEnv,
  /** An attempt whose outcome was not reported within this time is settled by the tenant's policy. */
  SEND_UNKNOWN_DEADLINE: duration('5m'),
  ...eventEnv,
  /** Longest wait for the answer of a tenant's endpoint. */
  EVENT_DELIVERY_TIMEOUT: duration('15s'),
  /** Exchange to which all events go as well, and its broker where that is another one. */
  EVENT_EXCHANGE: z.string().min(1).max(255).optional(),
  EVENT_EXCHANGE_URL: z.string().min(1).optional(),
  /** Maximum number of calls to Meta in flight in this process. */
  SENDER_CONCURRENCY: z.coerce.number().int().min(1).max(10_000).default(400),
})
export type SenderConfig = z.infer<typeof senderEnv>

/** @throws Error that lists every invalid variable and prints no value */
export const readSenderConfig = (env: NodeJS.ProcessEnv): SenderConfig => parseEnv(senderEnv, env)

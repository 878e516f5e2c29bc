import type { Redis } from 'ioredis'
import type { Keyring } from '#shared/auth/encryption.ts'
import type { RateLimiter } from '#shared/http/rate-limit.ts'
import type { MetaClient } from '#shared/meta/client.ts'
import type { Logger } from '#shared/process/logger.ts'
import type { EventPublisher } from '#shared/queue/publish-events.ts'
import type { Queue } from '#shared/queue/types.ts'
import type { ObjectStorage } from '#shared/storage/object-storage.ts'
import type { Store } from '#shared/store/connect.ts'
import type { GatewayConfig } from './config.ts'

/** What every route may use; tests pass their own. */
export interface GatewayDeps {
  store: Store
  queue: Pick<Queue, 'publish' | 'isReady'>
  /** Of committed events. Nobody waits for it in an answer. */
  events: EventPublisher
  redis: Redis
  /** Files of messages. */
  storage: ObjectStorage
  limiter: RateLimiter
  config: GatewayConfig
  meta: MetaClient
  /** Null without a key: tokens cannot be read. */
  keyring: Keyring | null
  log: Logger
  now(): Date
}

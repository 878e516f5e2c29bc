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

/** Dependencies of the routes; tests pass their own. */
export interface GatewayDeps {
  store: Store
  queue: Pick<Queue, 'publish' | 'isReady' | 'check'>
  /** Of committed events. Nobody waits for it in an answer. */
  events: EventPublisher
  redis: Redis
  /** Storage of message media and uploads. */
  storage: ObjectStorage
  limiter: RateLimiter
  config: GatewayConfig
  meta: MetaClient
  /** Keyring for access tokens; null without a configured key: tokens cannot be decrypted. */
  keyring: Keyring | null
  log: Logger
  now(): Date
}

import type { Keyring } from '#shared/auth/encryption.ts'
import type { MetaClient } from '#shared/meta/client.ts'
import type { MetaApp } from '#shared/meta/tokens.ts'
import type { Logger } from '#shared/process/logger.ts'
import type { EventPublisher } from '#shared/queue/publish-events.ts'
import type { Store } from '#shared/store/connect.ts'
import type { SettingsNumber } from '../config.ts'

/** Dependencies of the gateway's background jobs. */
export interface BackgroundDeps {
  store: Store
  events: EventPublisher
  meta: MetaClient
  /** Linko's app at Meta; null without one: each token is inspected with itself, and none is renewed. */
  app: MetaApp | null
  /** Version of the Graph API. */
  version: string
  keyring: Keyring
  log: Logger
  now(): Date
  /** How often each number's token is checked. */
  tokenEveryMs: number
  /** How often each number's fields are read. */
  healthEveryMs: number
  /** How often each account's templates are read. */
  templatesEveryMs: number
}

/** Dependencies of the jobs that connect numbers, beside those of the checks. */
export interface ConnectionJobDeps extends BackgroundDeps {
  /** Public address of the webhooks, and the token that proves it ours; null: the address is not tried. */
  webhook: { url: string; verifyToken: string | null }
  /** Number that the operator connects by settings; null without one. */
  settingsNumber: SettingsNumber | null
}

/** A time in 90 to 110 % of `ms`, so that checks of numbers connected together spread out. */
export const jittered = (now: Date, ms: number): Date => new Date(now.getTime() + ms * (0.9 + 0.2 * Math.random()))

import type { Keyring } from '#shared/auth/encryption.ts'
import type { MetaClient } from '#shared/meta/client.ts'
import type { MetaApp } from '#shared/meta/tokens.ts'
import type { Logger } from '#shared/process/logger.ts'
import type { EventPublisher } from '#shared/queue/publish-events.ts'
import type { Store } from '#shared/store/connect.ts'

/** What caring for numbers needs. */
export interface BackgroundDeps {
  store: Store
  events: EventPublisher
  meta: MetaClient
  /** Null: tokens are asked about themselves, and none is renewed. */
  app: MetaApp | null
  /** Of the Graph API. */
  version: string
  keyring: Keyring
  log: Logger
  now(): Date
  tokenEveryMs: number
  healthEveryMs: number
  templatesEveryMs: number
}

/** Between 90 and 110 %: numbers that were connected together are not asked for together for ever. */
export const jittered = (now: Date, ms: number): Date => new Date(now.getTime() + ms * (0.9 + 0.2 * Math.random()))

/** Runs `work` for each, at most `width` at a time; the first failure ends it once those in hand are done. */
export async function inParallel<T>(items: readonly T[], width: number, work: (item: T) => Promise<void>): Promise<void> {
  const waiting = [...items]
  const workers = Array.from({ length: Math.min(width, items.length) }, async () => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await work(item)
  })
  const results = await Promise.allSettled(workers)
  const failed = results.find(result => result.status === 'rejected')
  if (failed) throw failed.reason
}

import { randomUUID } from 'node:crypto'
import { finishErasure } from '#shared/erasure/erase.ts'
import type { Logger } from '#shared/process/logger.ts'
import { loop } from '#shared/process/loop.ts'
import { parkedDropped } from '#shared/process/metrics.ts'
import { createEventPublisher } from '#shared/queue/publish-events.ts'
import type { Queue } from '#shared/queue/types.ts'
import type { ObjectStorage } from '#shared/storage/object-storage.ts'
import { mediaKey, thumbnailKey } from '#shared/storage/open.ts'
import type { Store } from '#shared/store/connect.ts'
import { findUnfinishedErasures } from '#shared/store/contacts/erase-begin.ts'
import { findDiscardedFiles, forgetDiscardedFile, isFileInUse } from '#shared/store/inbox/discarded-files.ts'
import { holdLease } from '#shared/store/leases.ts'
import { findReleased, findUnrestricted, releaseClient, unrestrictClient } from '#shared/store/numbers/clients.ts'
import { dropParked } from '#shared/store/webhooks/sweep-parked.ts'

interface Deps {
  store: Store
  queue: Pick<Queue, 'publish'>
  storage: Pick<ObjectStorage, 'delete'>
  log: Logger
  now?: () => Date
}

const PARKED_MS = 24 * 3_600_000
const BATCH = 500
const EVERY_MS = 60_000
const LEASE_MS = 30_000
/** Longer than a request lasts. */
const ERASING_MS = 5 * 60_000
/** Longer than a download lasts: nobody stores the file any more. */
const DISCARDED_MS = 10 * 60_000

/** What time alone does to what webhooks left behind. Each finds its work by the rows and may stop anywhere. */
export function createMaintenance({ store, queue, storage, log, now = () => new Date() }: Deps) {
  const events = createEventPublisher({ queue, log })

  /** Statuses, reactions and edits whose message did not come within a day. */
  async function drop(): Promise<void> {
    const before = new Date(now().getTime() - PARKED_MS)
    for (let dropped = BATCH; dropped === BATCH; ) {
      dropped = await dropParked(store, before, BATCH)
      parkedDropped.inc(dropped)
      if (dropped > 0) log.warn({ dropped }, 'parked items without a message are dropped')
    }
  }

  /** Numbers whose restriction has ended go on by themselves, or may write first again. */
  async function release(): Promise<void> {
    for (const client of await findReleased(store, now())) {
      const change = await releaseClient(store, client, now())
      if (change === null) continue
      log.info({ tenantId: String(client.tenantId), clientId: String(client._id) }, 'a restriction is over, the number goes on')
      await events.publish([change.event], null)
    }
    for (const client of await findUnrestricted(store, now())) {
      const change = await unrestrictClient(store, client, now())
      if (change !== null) await events.publish([change.event], null)
    }
  }

  /** Erasures whose process has died are begun again where they stand. */
  async function erase(): Promise<void> {
    for (const contact of await findUnfinishedErasures(store, new Date(now().getTime() - ERASING_MS))) {
      const erased = await finishErasure({ store, storage }, contact, now())
      log.info({ tenantId: String(contact.tenantId), contactId: String(contact._id), ...erased }, 'an erasure is finished')
    }
  }

  /** Files of messages that were revoked or have another file since an edit; one that was forwarded stays. */
  async function discard(): Promise<void> {
    const before = new Date(now().getTime() - DISCARDED_MS)
    for (const file of await findDiscardedFiles(store, before, BATCH)) {
      const { tenantId, _id } = file
      if (!(await isFileInUse(store, tenantId, _id))) {
        await storage.delete(mediaKey(tenantId, _id))
        await storage.delete(thumbnailKey(tenantId, _id))
      }
      await forgetDiscardedFile(store, file)
    }
  }

  return { drop, release, erase, discard }
}

/** One process at a time does them, each minute. */
export async function startMaintenance(deps: Deps): Promise<AsyncDisposable> {
  const { store, log } = deps
  await using stack = new AsyncDisposableStack()
  const lease = stack.use(await holdLease(store, { name: 'ingest:chores', owner: randomUUID(), ttlMs: LEASE_MS, log }))
  const { drop, release, erase, discard } = createMaintenance(deps)
  const options = { when: () => lease.isHeld(), log }
  stack.use(loop('parked', EVERY_MS, drop, options))
  stack.use(loop('restrictions', EVERY_MS, release, options))
  stack.use(loop('erasures', EVERY_MS, erase, options))
  stack.use(loop('discarded files', EVERY_MS, discard, options))
  return stack.move()
}

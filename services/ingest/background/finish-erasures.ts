import { finishErasure } from '#shared/erasure/erase.ts'
import type { Logger } from '#shared/process/logger.ts'
import type { ObjectStorage } from '#shared/storage/object-storage.ts'
import type { Store } from '#shared/store/connect.ts'
import { findUnfinishedErasures } from '#shared/store/contacts/erase-begin.ts'

export interface ErasureDeps {
  store: Store
  storage: Pick<ObjectStorage, 'delete' | 'list'>
  log: Logger
  now(): Date
}

/** Longer than an erasure request: the process of an unfinished erasure that is older than this has died. */
const ERASING_MS = 5 * 60_000

/** Finishes erasures whose process died. @throws Outage */
export async function finishErasures({ store, storage, log, now }: ErasureDeps): Promise<void> {
  for (const contact of await findUnfinishedErasures(store, new Date(now().getTime() - ERASING_MS))) {
    const erased = await finishErasure({ store, storage }, contact, now())
    log.info({ tenantId: String(contact.tenantId), contactId: String(contact._id), ...erased }, 'erasure finished')
  }
}

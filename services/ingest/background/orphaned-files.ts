import { toId } from '#shared/model/ids.ts'
import type { MayGoOn } from '#shared/process/jobs.ts'
import type { Logger } from '#shared/process/logger.ts'
import type { ObjectStorage } from '#shared/storage/object-storage.ts'
import { listTenantIds } from '#shared/store/accounts/tenants.ts'
import type { Store } from '#shared/store/connect.ts'
import { isFileInUse } from '#shared/store/inbox/discarded-files.ts'

export interface OrphanDeps {
  store: Store
  storage: Pick<ObjectStorage, 'delete' | 'list' | 'deleteUnfinished'>
  log: Logger
  now(): Date
}

const DAY_MS = 24 * 60 * 60_000
/** Longer than an upload or a download takes: the row that names the file would be there. */
const YOUNG_MS = DAY_MS
/** Older files were looked at before. Longer than an installation stands still. */
const OLD_MS = 30 * DAY_MS

/** A file of a message or of the list for sending, or its thumbnail: `mediaKey` and `thumbnailKey`. */
const MEDIA_KEY = /^([0-9a-f]{24})\/([0-9a-f]{24})(?:\/thumbnail)?$/

/**
 * Deletes files whose process died before it wrote the row that names them. Files of tenants that this database does not know are
 * left: the storage may serve another installation. @throws Outage
 */
export async function deleteOrphanedFiles({ store, storage, log, now }: OrphanDeps, mayGoOn: MayGoOn): Promise<void> {
  const before = new Date(now().getTime() - YOUNG_MS)
  const since = new Date(now().getTime() - OLD_MS)
  const tenants = await listTenantIds(store)
  let count = await storage.deleteUnfinished(before)
  for await (const { key, storedAt } of storage.list('')) {
    if (!mayGoOn()) return
    if (storedAt < since || storedAt >= before) continue
    const [, tenantId = '', mediaId = ''] = MEDIA_KEY.exec(key) ?? []
    if (!tenants.has(tenantId) || (await isFileInUse(store, toId(tenantId), toId(mediaId)))) continue
    await storage.delete(key)
    count++
  }
  if (count > 0) log.info({ count }, 'orphaned files deleted')
}

import type { ObjectStorage } from '#shared/storage/object-storage.ts'
import { mediaKey, thumbnailKey } from '#shared/storage/open.ts'
import type { Store } from '#shared/store/connect.ts'
import { deleteMediaFile } from '#shared/store/contacts/erase-rows.ts'
import { findDiscardedFiles, forgetDiscardedFile, isFileInUse } from '#shared/store/inbox/discarded-files.ts'
import { orOutage } from '#shared/store/outage.ts'

export interface DiscardDeps {
  store: Store
  storage: Pick<ObjectStorage, 'delete'>
  now(): Date
}

const BATCH = 500
/** Longer than any download: no worker is still storing the file. */
const DISCARDED_MS = 10 * 60_000

/**
 * Deletes files of messages that were revoked, emptied, or edited to use another file, unless another message uses them.
 * @throws Outage
 */
export async function deleteDiscardedFiles({ store, storage, now }: DiscardDeps): Promise<void> {
  const before = new Date(now().getTime() - DISCARDED_MS)
  for (const file of await findDiscardedFiles(store, before, BATCH)) {
    const { tenantId, _id, isUpload } = file
    if (!(await isFileInUse(store, tenantId, _id, isUpload))) {
      if (isUpload) await orOutage(deleteMediaFile(store, file, _id))
      await storage.delete(mediaKey(tenantId, _id))
      await storage.delete(thumbnailKey(tenantId, _id))
    }
    await forgetDiscardedFile(store, file)
  }
}

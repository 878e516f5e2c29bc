import type { ObjectStorage } from './object-storage.ts'
import { audiencePrefix, readAudienceKey } from './open.ts'

/**
 * Deletes the audience files of a campaign: those of the generations before `before`, or all. They name people, and nothing reads
 * them again.
 */
export async function deleteAudienceFiles(
  storage: Pick<ObjectStorage, 'delete' | 'list'>,
  { tenantId, _id }: { tenantId: unknown; _id: unknown },
  before = Number.POSITIVE_INFINITY,
): Promise<void> {
  for await (const { key } of storage.list(audiencePrefix(tenantId, _id)))
    if ((readAudienceKey(key)?.generation ?? before) < before) await storage.delete(key)
}

import type { DiscardedFileDoc, Id } from '../../model/documents.ts'
import type { Store } from '../connect.ts'
import { orOutage } from '../outage.ts'

/** Files that were discarded from their message before `before`, the oldest first. Over all tenants. @throws Outage */
export async function findDiscardedFiles({ raw }: Store, before: Date, limit: number): Promise<DiscardedFileDoc[]> {
  return await orOutage(
    raw.discardedFiles
      .find({ createdAt: { $lt: before } })
      .sort({ createdAt: 1 })
      .limit(limit)
      .toArray(),
  )
}

/**
 * Removes a file from the list of discarded ones: it was deleted, or is in use elsewhere. One that was discarded again meanwhile
 * stays. @throws Outage
 */
export async function forgetDiscardedFile({ raw }: Store, { tenantId, _id, createdAt }: DiscardedFileDoc): Promise<void> {
  await orOutage(raw.discardedFiles.deleteOne({ tenantId, _id, createdAt }))
}

/**
 * Whether a file is in use: by a message, also one that forwards it, by a campaign or a quick reply, or in the list of files uploaded
 * for sending. An unused file may be deleted. @param isUpload the list alone does not keep it @throws Outage
 */
export async function isFileInUse({ raw }: Store, tenantId: Id, mediaId: Id, isUpload = false): Promise<boolean> {
  const options = { projection: { _id: 1 } } as const
  const found = await orOutage(
    Promise.all([
      raw.messages.findOne({ tenantId, 'content.media.id': mediaId }, options),
      isUpload
        ? raw.quickReplies.findOne({ tenantId, mediaId, deletedAt: null }, options)
        : raw.mediaFiles.findOne({ tenantId, _id: mediaId }, options),
      raw.campaigns.findOne({ tenantId, 'headerMedia.id': String(mediaId), deletedAt: null }, options),
    ]),
  )
  return found.some(row => row !== null)
}

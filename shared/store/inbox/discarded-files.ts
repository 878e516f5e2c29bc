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

/** Removes a file from the list of discarded ones: it was deleted, or is in use elsewhere. @throws Outage */
export async function forgetDiscardedFile({ raw }: Store, { tenantId, _id }: DiscardedFileDoc): Promise<void> {
  await orOutage(raw.discardedFiles.deleteOne({ tenantId, _id }))
}

/**
 * Whether a file is in use: by a message, also one that forwards it, by a campaign, or in the list of files uploaded for sending.
 * An unused file may be deleted. @throws Outage
 */
export async function isFileInUse({ raw }: Store, tenantId: Id, mediaId: Id): Promise<boolean> {
  const options = { projection: { _id: 1 } } as const
  const found = await orOutage(
    Promise.all([
      raw.messages.findOne({ tenantId, 'content.media.id': mediaId }, options),
      raw.mediaFiles.findOne({ tenantId, _id: mediaId }, options),
      raw.campaigns.findOne({ tenantId, 'headerMedia.id': String(mediaId), deletedAt: null }, options),
    ]),
  )
  return found.some(row => row !== null)
}

import type { DiscardedFileDoc, Id } from '../../model/documents.ts'
import type { Store } from '../connect.ts'
import { orOutage } from '../outage.ts'

/** Files that no message has any more since before `before`, the oldest first. Over all tenants. @throws Outage */
export async function findDiscardedFiles({ raw }: Store, before: Date, limit: number): Promise<DiscardedFileDoc[]> {
  return await orOutage(
    raw.discardedFiles
      .find({ createdAt: { $lt: before } })
      .sort({ createdAt: 1 })
      .limit(limit)
      .toArray(),
  )
}

/** It is deleted, or in use elsewhere: nothing is left to be done. @throws Outage */
export async function forgetDiscardedFile({ raw }: Store, { tenantId, _id }: DiscardedFileDoc): Promise<void> {
  await orOutage(raw.discardedFiles.deleteOne({ tenantId, _id }))
}

/**
 * Whether anything names a file: a message, also one that forwards it, a campaign, or the list of files given to us for
 * sending. What nothing names may be deleted. @throws Outage
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

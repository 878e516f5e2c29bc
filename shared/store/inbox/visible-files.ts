import type { Id, MediaFileDoc } from '../../model/documents.ts'
import type { Store } from '../connect.ts'
import { currentViewer } from '../tenancy/tenancy.ts'
import { findMedia } from './media.ts'
import { isOfQuickReply } from './quick-replies.ts'

/**
 * Whether a user may see an uploaded file: a user who sees the own conversations alone must have uploaded it, have it in one of
 * these, or in a quick reply.
 */
export async function maySeeUpload(store: Store, file: MediaFileDoc, userId: Id | string): Promise<boolean> {
  const { tenantId, _id, createdBy } = file
  if (currentViewer() === null || String(createdBy) === String(userId)) return true
  return (await isOfQuickReply(store, tenantId, _id, userId)) || (await findMedia(store, tenantId, _id)) !== null
}

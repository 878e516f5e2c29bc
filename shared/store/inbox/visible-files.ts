import type { MediaFileDoc } from '../../model/documents.ts'
import type { Store } from '../connect.ts'
import { currentViewer } from '../tenancy/tenancy.ts'
import { findMedia } from './media.ts'
import { isOfQuickReply } from './quick-replies.ts'

/**
 * Whether the current request may see an uploaded file: a user who sees the own conversations alone must have uploaded it, have it in
 * one of these, or in a quick reply.
 */
export async function maySeeUpload(store: Store, { tenantId, _id, createdBy }: MediaFileDoc): Promise<boolean> {
  const viewer = currentViewer()
  if (viewer === null || String(createdBy) === String(viewer)) return true
  return (await isOfQuickReply(store, tenantId, _id, viewer)) || (await findMedia(store, tenantId, _id)) !== null
}

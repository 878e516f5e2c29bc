import type { Id } from '../../model/documents.ts'
import type { Store } from '../connect.ts'
import { orOutage } from '../outage.ts'

/** Meta keeps an uploaded file for 30 days: a day less, so that none runs out on its way. */
const KEPT_MS = 29 * 24 * 60 * 60 * 1000

/** A file at one number. */
export interface UploadKey {
  tenantId: Id
  mediaId: string
  phoneNumberId: string
}
const idOf = ({ mediaId, phoneNumberId }: UploadKey) => `${mediaId}:${phoneNumberId}`

/** Meta's id of a file of ours at a number; null: it must be uploaded. @throws Outage */
export async function findUpload(store: Store, key: UploadKey, now: Date): Promise<string | null> {
  const row = await orOutage(store.models.mediaUploads.findOne({ _id: idOf(key), tenantId: key.tenantId }).lean())
  return row !== null && row.expiresAt > now ? row.metaId : null
}

/** Two processes may have uploaded it at once: either id is good. @throws Outage */
export async function keepUploaded(store: Store, key: UploadKey, metaId: string, now: Date): Promise<void> {
  const $set = { metaId, expiresAt: new Date(now.getTime() + KEPT_MS) }
  const filter = { _id: idOf(key), tenantId: key.tenantId }
  await orOutage(store.models.mediaUploads.updateOne(filter, { $set }, { upsert: true }))
}

/** Unless it has become another meanwhile. @throws Outage */
export async function forgetUpload(store: Store, key: UploadKey, metaId: string): Promise<void> {
  await orOutage(store.models.mediaUploads.deleteOne({ _id: idOf(key), tenantId: key.tenantId, metaId }))
}

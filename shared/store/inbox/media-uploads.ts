import type { Id } from '../../model/documents.ts'
import type { Store } from '../connect.ts'
import { orOutage } from '../outage.ts'

/** Time for which an upload is used. Meta keeps it for 30 days; one day less, so that none expires while a message waits. */
const KEPT_MS = 29 * 24 * 60 * 60 * 1000

/** A file as uploaded with one number. */
export interface UploadKey {
  tenantId: Id
  mediaId: string
  phoneNumberId: string
}
const idOf = ({ mediaId, phoneNumberId }: UploadKey) => `${mediaId}:${phoneNumberId}`

/** Meta's id of an uploaded file; null when it must be uploaded. @throws Outage */
export async function findUpload(store: Store, key: UploadKey, now: Date): Promise<string | null> {
  const row = await orOutage(store.models.mediaUploads.findOne({ _id: idOf(key), tenantId: key.tenantId }).lean())
  return row !== null && row.expiresAt > now ? row.metaId : null
}

/** Stores Meta's id of an uploaded file. When two processes upload it at once, either id is valid. @throws Outage */
export async function keepUploaded(store: Store, key: UploadKey, metaId: string, now: Date): Promise<void> {
  const $set = { metaId, expiresAt: new Date(now.getTime() + KEPT_MS) }
  const filter = { _id: idOf(key), tenantId: key.tenantId }
  await orOutage(store.models.mediaUploads.updateOne(filter, { $set }, { upsert: true }))
}

/** Deletes Meta's id of an uploaded file, unless another upload replaced it meanwhile. @throws Outage */
export async function forgetUpload(store: Store, key: UploadKey, metaId: string): Promise<void> {
  await orOutage(store.models.mediaUploads.deleteOne({ _id: idOf(key), tenantId: key.tenantId, metaId }))
}

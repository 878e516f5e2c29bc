import { usualType } from '../../domain/media/media-rules.ts'
import { kindOfType } from '../../domain/media/upload-rules.ts'
import type { Id, MediaFileDoc } from '../../model/documents.ts'
import type { Store } from '../connect.ts'
import { orOutage } from '../outage.ts'
import type { Session } from '../transaction.ts'
import { findMedia } from './media.ts'
import { maySeeUpload } from './visible-files.ts'

type Key = Id | string

/** A file that may be sent. */
export type SendableFile = Pick<MediaFileDoc, '_id' | 'tenantId' | 'kind' | 'mimeType' | 'filename' | 'size'> & {
  /** Hex; null for files that came from Meta. */
  sha256: string | null
}

/** Stores the row of a file. @param also further work of the same transaction */
export async function addMediaFile(
  store: Store,
  file: MediaFileDoc,
  also: (session: Session) => Promise<void>,
): Promise<MediaFileDoc> {
  return await store.transaction(async session => {
    await store.models.mediaFiles.insertMany([file], { session })
    await also(session)
    return file
  })
}

/** A file that was uploaded for sending, and that the current request may see. @throws Outage */
export async function findMediaFile(store: Store, tenantId: Key, id: Key): Promise<MediaFileDoc | null> {
  const file = await orOutage(store.models.mediaFiles.findOne({ tenantId, _id: id }).lean())
  return file !== null && (await maySeeUpload(store, file)) ? file : null
}

/** A file that may be sent: uploaded for sending, or stored with a message, which is then forwarded. @throws Outage */
export async function findSendable(store: Store, tenantId: Key, id: Key): Promise<SendableFile | null> {
  const uploaded = await findMediaFile(store, tenantId, id)
  // Files of earlier versions are called as they came.
  if (uploaded) return { ...uploaded, mimeType: usualType(uploaded.mimeType) ?? uploaded.mimeType }
  const message = await findMedia(store, tenantId, id)
  const media = message?.content.media
  const kind = kindOfType(media?.mimeType ?? null)
  if (!message || media?.state !== 'STORED' || media.mimeType === null || kind === null) return null
  const { filename, size } = media
  const mimeType = usualType(media.mimeType) ?? media.mimeType
  return { _id: media.id, tenantId: message.tenantId, kind, mimeType, filename, size: size ?? 0, sha256: null }
}

import type { MediaKind } from '../domain/media/media-rules.ts'
import type { Id } from './common.ts'

/** Uploaded file for sending, stored under `mediaKey`. */
export interface MediaFileDoc {
  /** Our id, used in sends and in `GET /media/:id`. */
  _id: Id
  tenantId: Id
  kind: MediaKind
  mimeType: string
  filename: string | null
  size: number
  /** Hex. */
  sha256: string
  createdBy: Id | null
  createdAt: Date
}

/** File of an edited, revoked or emptied message, to be deleted from the storage. */
export interface DiscardedFileDoc {
  /** Id of the file. */
  _id: Id
  tenantId: Id
  createdAt: Date
  /** Whether it was uploaded for sending, and goes from the list of these files too. */
  isUpload?: boolean
}

/** Upload of one of our files to Meta, valid for one number. */
export interface MediaUploadDoc {
  /** `<file>:<phoneNumberId>` */
  _id: string
  tenantId: Id
  metaId: string
  /** One day before Meta deletes the file. TTL. */
  expiresAt: Date
  createdAt: Date
}

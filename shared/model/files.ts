import type { MediaKind } from '../domain/media/media-rules.ts'
import type { Id } from './common.ts'

/** A file that was given to us for sending; it lies under `mediaKey`. */
export interface MediaFileDoc {
  /** Ours: sends name it, `GET /media/:id` shows it. */
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

/** A file that its message lost, by an edit or because it was revoked: it is deleted from the storage by and by. */
export interface DiscardedFileDoc {
  /** The file's own id. */
  _id: Id
  tenantId: Id
  createdAt: Date
}

/** A file of ours as one number's Meta knows it. */
export interface MediaUploadDoc {
  /** `<file>:<phoneNumberId>` */
  _id: string
  tenantId: Id
  metaId: string
  /** A day before Meta forgets it. TTL. */
  expiresAt: Date
  createdAt: Date
}

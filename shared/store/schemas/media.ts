import { Schema } from 'mongoose'
import { MEDIA_KINDS } from '../../domain/media/media-rules.ts'
import type { DiscardedFileDoc, MediaFileDoc, MediaUploadDoc } from '../../model/documents.ts'
import { created, id, requiredDate, requiredId, requiredText, text } from './fields.ts'

export const mediaFileSchema = new Schema<MediaFileDoc>(
  {
    tenantId: requiredId,
    kind: { type: String, enum: MEDIA_KINDS, required: true },
    mimeType: requiredText,
    filename: text,
    size: { type: Number, required: true },
    sha256: requiredText,
    createdBy: id,
  },
  created,
)
mediaFileSchema.index({ tenantId: 1, createdAt: -1 }, { name: 'tenant_created' })

export const mediaUploadSchema = new Schema<MediaUploadDoc>(
  { _id: requiredText, tenantId: requiredId, metaId: requiredText, expiresAt: requiredDate },
  created,
)
mediaUploadSchema.index({ expiresAt: 1 }, { name: 'ttl', expireAfterSeconds: 0 })

export const discardedFileSchema = new Schema<DiscardedFileDoc>(
  { tenantId: requiredId, isUpload: { type: Boolean, default: undefined } },
  created,
)
discardedFileSchema.index({ createdAt: 1 }, { name: 'created' })

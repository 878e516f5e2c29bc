import { Schema } from 'mongoose'
import type { LabelDoc, QuickReplyDoc, SavedViewDoc } from '../../model/documents.ts'
import { common, id, inner, isText, notDeleted, requiredAnything, requiredId, requiredText, stamped, text } from './fields.ts'

export const labelSchema = new Schema<LabelDoc>(
  {
    ...common,
    tenantId: requiredId,
    name: requiredText,
    color: requiredText,
    description: text,
    pending: { type: new Schema({ from: requiredText, to: text }, inner), default: null },
  },
  stamped,
)
labelSchema.index({ tenantId: 1, name: 1 }, { name: 'tenant_name', unique: true, partialFilterExpression: notDeleted })
// Over all tenants: a background job of the gateway finishes changes that a process left.
labelSchema.index({ 'pending.from': 1 }, { name: 'pending', partialFilterExpression: { 'pending.from': isText } })

export const quickReplySchema = new Schema<QuickReplyDoc>(
  {
    ...common,
    tenantId: requiredId,
    ownerId: id,
    shortcut: requiredText,
    title: requiredText,
    text,
    mediaId: id,
  },
  stamped,
)
quickReplySchema.index(
  { tenantId: 1, ownerId: 1, shortcut: 1 },
  { name: 'tenant_owner_shortcut', unique: true, partialFilterExpression: notDeleted },
)

export const savedViewSchema = new Schema<SavedViewDoc>(
  { ...common, tenantId: requiredId, ownerId: id, name: requiredText, query: requiredAnything },
  stamped,
)
// Of all views, also deleted ones: who is erased is looked for in them.
savedViewSchema.index({ tenantId: 1, updatedAt: 1 }, { name: 'tenant_updated' })
savedViewSchema.index(
  { tenantId: 1, ownerId: 1, name: 1 },
  { name: 'tenant_owner_name', unique: true, partialFilterExpression: notDeleted },
)

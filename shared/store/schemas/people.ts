import { Schema } from 'mongoose'
import type { ContactDoc, ErasureDoc, LeadDoc, NoteDoc, PipelineDoc } from '../../model/documents.ts'
import {
  common,
  date,
  flag,
  id,
  inner,
  isId,
  isText,
  referral,
  requiredDate,
  requiredId,
  requiredText,
  stamped,
  strictly,
  text,
} from './fields.ts'

const block = new Schema(
  {
    at: requiredDate,
    by: requiredId,
    state: { type: String, enum: ['PENDING', 'DONE', 'REFUSED', 'LIFTING'], required: true },
    problem: text,
    nextAt: requiredDate,
  },
  inner,
)
const erasing = new Schema(
  {
    waIds: { type: [String], default: [] },
    userIds: { type: [String], default: [] },
    pseudonym: requiredText,
    since: requiredDate,
  },
  inner,
)

export const contactSchema = new Schema<ContactDoc>(
  {
    ...common,
    tenantId: requiredId,
    waId: text,
    userId: text,
    portfolio: { type: String, default: undefined },
    otherUserIds: { type: [new Schema({ portfolio: requiredText, userId: requiredText }, inner)], default: undefined },
    groupId: { type: String, default: undefined },
    parentUserId: text,
    phone: text,
    name: text,
    nameSource: { type: String, enum: ['profile', 'phone', 'agent', null], default: null },
    nameAt: date,
    username: text,
    keys: { type: [String], default: undefined },
    optOut: flag,
    optOutAt: date,
    optOutSource: text,
    attributes: { type: Schema.Types.Mixed, default: () => ({}) },
    labels: { type: [String], default: undefined },
    block: { type: block, default: null },
    firstReferral: referral,
    leadDeletedAt: date,
    joinedWith: id,
    erasing: { type: erasing, default: null },
    erasedAt: date,
  },
  stamped,
)
contactSchema.index({ tenantId: 1, waId: 1 }, { name: 'tenant_wa', unique: true, partialFilterExpression: { waId: isText } })
// The same user id in another portfolio is somebody else.
contactSchema.index(
  { tenantId: 1, userId: 1, portfolio: 1 },
  { name: 'tenant_user', unique: true, partialFilterExpression: { userId: isText } },
)
contactSchema.index(
  { tenantId: 1, 'otherUserIds.userId': 1, 'otherUserIds.portfolio': 1 },
  { name: 'tenant_other_user', unique: true, partialFilterExpression: { 'otherUserIds.userId': isText } },
)
contactSchema.index(
  { tenantId: 1, groupId: 1 },
  { name: 'tenant_group', unique: true, partialFilterExpression: { groupId: isText } },
)
contactSchema.index({ tenantId: 1, createdAt: -1, _id: -1 }, { name: 'tenant_created' })
contactSchema.index(
  { tenantId: 1, labels: 1, createdAt: -1, _id: -1 },
  { name: 'tenant_label_created', partialFilterExpression: { labels: isText } },
)
contactSchema.index({ tenantId: 1, joinedWith: 1 }, { name: 'tenant_joined', partialFilterExpression: { joinedWith: isId } })
// Over all tenants: a background job of ingest sends blocks to Meta.
contactSchema.index(
  { 'block.nextAt': 1 },
  { name: 'blocks', partialFilterExpression: { 'block.state': { $in: ['PENDING', 'LIFTING'] } } },
)
contactSchema.index(
  { 'erasing.since': 1 },
  { name: 'erasing', partialFilterExpression: { 'erasing.since': { $gt: new Date(0) } } },
)
// What users have made themselves, which is little.
contactSchema.index({ tenantId: 1, createdBy: 1 }, { name: 'tenant_author', partialFilterExpression: { createdBy: isId } })
// Without the time by which lists are sorted: of a beginning of a word it would give no order.
contactSchema.index({ tenantId: 1, keys: 1 }, { name: 'tenant_keys' })

export const erasureSchema = new Schema<ErasureDoc>(
  {
    tenantId: requiredId,
    contactIds: { type: [Schema.Types.ObjectId], default: [] },
    hashes: { type: [String], default: [] },
    pseudonym: requiredText,
    at: requiredDate,
    nextCheckAt: requiredDate,
    checks: { type: Number, default: 0 },
  },
  strictly,
)
erasureSchema.index({ tenantId: 1, hashes: 1 }, { name: 'tenant_hashes' })
// Over all tenants: a background job of ingest looks through what was erased.
erasureSchema.index({ nextCheckAt: 1 }, { name: 'due' })

const stage = new Schema({ name: requiredText, order: { type: Number, required: true } }, { strict: 'throw' })

export const pipelineSchema = new Schema<PipelineDoc>(
  { ...common, tenantId: requiredId, name: requiredText, isDefault: flag, stages: { type: [stage], default: [] } },
  stamped,
)
pipelineSchema.index(
  { tenantId: 1, isDefault: 1 },
  { name: 'tenant_default', unique: true, partialFilterExpression: { isDefault: true } },
)
pipelineSchema.index({ tenantId: 1 }, { name: 'tenant' })

export const leadSchema = new Schema<LeadDoc>(
  {
    ...common,
    tenantId: requiredId,
    contactId: id,
    name: requiredText,
    phone: text,
    keys: { type: [String], default: undefined },
    status: { type: String, default: 'ACTIVE' },
    source: { type: String, default: 'whatsapp' },
    referral,
    pipelineId: requiredId,
    stageId: requiredId,
  },
  stamped,
)
leadSchema.index({ tenantId: 1, phone: 1 }, { name: 'tenant_phone', unique: true, partialFilterExpression: { phone: isText } })
leadSchema.index({ tenantId: 1, contactId: 1 }, { name: 'tenant_contact' })
leadSchema.index({ tenantId: 1, createdBy: 1 }, { name: 'tenant_author', partialFilterExpression: { createdBy: isId } })
leadSchema.index({ tenantId: 1, keys: 1 }, { name: 'tenant_keys' })
leadSchema.index({ tenantId: 1, createdAt: -1, _id: -1 }, { name: 'tenant_created' })
leadSchema.index({ tenantId: 1, pipelineId: 1, stageId: 1 }, { name: 'tenant_stage' })

export const noteSchema = new Schema<NoteDoc>(
  {
    ...common,
    tenantId: requiredId,
    leadId: id,
    conversationId: id,
    text: requiredText,
    isPrivate: { type: Boolean, default: true },
    mentions: { type: [Schema.Types.ObjectId], default: undefined },
  },
  stamped,
)
noteSchema.index({ tenantId: 1, leadId: 1, createdAt: 1 }, { name: 'tenant_lead' })
noteSchema.index({ tenantId: 1, conversationId: 1, createdAt: 1 }, { name: 'tenant_conversation' })
noteSchema.index(
  { tenantId: 1, mentions: 1, createdAt: -1, _id: -1 },
  { name: 'tenant_mentions', partialFilterExpression: { mentions: isId } },
)

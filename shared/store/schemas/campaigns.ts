import { Schema } from 'mongoose'
import type { CampaignDoc, RecipientDoc } from '../../model/documents.ts'
import { anything, common, date, id, inner, isText, number, requiredId, requiredText, stamped, strictly, text } from './fields.ts'

const zero = { type: Number, default: 0 }
const byName = { type: Schema.Types.Mixed, default: () => ({}) }

const template = new Schema(
  { id: requiredId, name: requiredText, language: requiredText, category: requiredText },
  { ...inner, id: false },
)
const columns = new Schema({ to: requiredText, name: text, headerMedia: text, variables: byName }, inner)
const audience = new Schema(
  {
    source: anything,
    state: { type: String, enum: ['EMPTY', 'CHECKING', 'READY', 'FAILED'], default: 'EMPTY' },
    problem: text,
    problemKey: anything,
    generation: zero,
    bytes: zero,
    read: zero,
    position: text,
    since: date,
    until: date,
    invalid: zero,
    duplicate: zero,
    optedOut: zero,
    recipients: zero,
    countries: byName,
  },
  inner,
)
const counts = new Schema({ queued: zero, sent: zero, delivered: zero, read: zero, failed: zero }, inner)

export const campaignSchema = new Schema<CampaignDoc>(
  {
    ...common,
    tenantId: requiredId,
    name: requiredText,
    clientId: requiredId,
    phoneNumberId: requiredText,
    wabaId: requiredText,
    template: { type: template, required: true },
    columns: { type: columns, required: true },
    variables: byName,
    headerMedia: anything,
    perMinute: number,
    marketingMessages: { type: String, default: undefined },
    status: {
      type: String,
      enum: ['DRAFT', 'SCHEDULED', 'RUNNING', 'PAUSED', 'DONE', 'CANCELLED'],
      default: 'DRAFT',
    },
    statusReason: text,
    statusReasonKey: { type: Schema.Types.Mixed, default: null },
    startAt: date,
    endsAt: date,
    startedAt: date,
    resumedAt: date,
    endedAt: date,
    audience: { type: audience, default: () => ({}) },
    audienceClaims: zero,
    releasedRow: zero,
    released: zero,
    skipped: zero,
    counts: { type: counts, default: () => ({}) },
  },
  stamped,
)
campaignSchema.index({ tenantId: 1, createdAt: -1, _id: -1 }, { name: 'tenant_created' })
// For background jobs over all tenants.
campaignSchema.index({ status: 1, endedAt: 1 }, { name: 'status_ended' })
campaignSchema.index(
  { 'audience.state': 1, 'audience.since': 1 },
  { name: 'audience_checking', partialFilterExpression: { 'audience.state': 'CHECKING' } },
)

export const recipientSchema = new Schema<RecipientDoc>(
  {
    _id: String,
    tenantId: requiredId,
    campaignId: requiredId,
    row: { type: Number, required: true },
    key: text,
    to: { type: String, default: '' },
    waId: text,
    userId: text,
    name: text,
    variables: byName,
    headerMedia: text,
    state: { type: String, enum: ['PENDING', 'SKIPPED', 'RELEASED'], required: true },
    reason: { type: String, enum: ['invalid', 'duplicate', 'opted-out', 'template', null], default: null },
    detail: text,
    detailKeys: { type: [Schema.Types.Mixed], default: undefined },
    messageId: id,
  },
  strictly,
)
recipientSchema.index({ campaignId: 1, key: 1 }, { name: 'campaign_key', unique: true, partialFilterExpression: { key: isText } })
recipientSchema.index(
  { tenantId: 1, campaignId: 1, _id: 1 },
  { name: 'campaign_skipped', partialFilterExpression: { state: 'SKIPPED' } },
)

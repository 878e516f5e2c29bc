import { Schema } from 'mongoose'
import { TEMPLATE_CATEGORIES, TEMPLATE_STATES } from '../../domain/templates/status.ts'
import type { ClientDoc, TemplateDoc } from '../../model/documents.ts'
import {
  common,
  date,
  flag,
  id,
  inner,
  isText,
  notDeleted,
  number,
  requiredDate,
  requiredId,
  requiredText,
  stamped,
  text,
} from './fields.ts'

const QUALITIES: ClientDoc['qualityRating'][] = ['GREEN', 'YELLOW', 'RED', 'UNKNOWN']

const notice = new Schema(
  {
    type: requiredText,
    severity: { type: String, enum: ['CRITICAL', 'WARNING', 'INFORMATIONAL'], required: true },
    text: { type: String, default: '' },
    at: requiredDate,
  },
  { ...inner, id: false },
)
const repliesOnly = new Schema({ reason: requiredText, until: date }, inner)
const webhookElsewhere = new Schema(
  { url: requiredText, of: { type: String, enum: ['number', 'account', 'app'], required: true }, expected: requiredText },
  inner,
)
const workingHours = new Schema(
  {
    intervals: {
      type: [new Schema({ day: { type: Number, required: true }, from: requiredText, to: requiredText }, inner)],
      default: [],
    },
    holidays: { type: [String], default: [] },
  },
  inner,
)
const automaticAnswers = new Schema(
  { greeting: text, away: text, hours: { type: workingHours, default: null }, monthlyCap: number },
  inner,
)
const automaticSpending = new Schema(
  { month: requiredText, count: { type: Number, required: true }, amount: { type: Number, required: true } },
  inner,
)
const lastEventAt = { type: Schema.Types.Mixed, default: () => ({}) }

export const clientSchema = new Schema<ClientDoc>(
  {
    ...common,
    tenantId: requiredId,
    userId: text,
    companyName: text,
    email: text,
    whatsappNumber: requiredText,
    verifiedName: text,
    phoneNumberId: requiredText,
    // Absent where there are none, so that the index stays small.
    formerPhoneNumberIds: { type: [String], default: undefined },
    wabaId: requiredText,
    portfolioId: text,
    isPrimary: flag,
    coexistence: flag,
    accessToken: text,
    tokenExpiry: date,
    status: { type: String, enum: ['active', 'disconnected', 'suspended', 'paused'], default: 'active' },
    statusReason: text,
    pauseReason: {
      type: String,
      enum: ['token', 'account', 'payment', 'quality', 'registration', 'manual', null],
      default: null,
    },
    qualityRating: { type: String, enum: QUALITIES, default: 'UNKNOWN' },
    messagingLimit: number,
    throughput: { type: Number, default: 80, min: 1 },
    maxPerSecond: number,
    username: text,
    automaticAnswers: { type: automaticAnswers, default: null },
    automaticSpending: { type: automaticSpending, default: null },
    accountReview: { type: String, enum: ['APPROVED', 'REJECTED', 'PENDING', 'DEFERRED', null], default: null },
    maxPhoneNumbers: number,
    restrictedUntil: date,
    resumedAt: date,
    campaignsHeldUntil: date,
    directSendRefusedAt: { type: Date, default: undefined },
    repliesOnly: { type: repliesOnly, default: null },
    notices: { type: [notice], default: [] },
    lastEventAt,
    pauseCode: number,
    tokenValid: { type: Boolean, default: null },
    tokenScopes: { type: [String], default: [] },
    dataAccessExpiry: date,
    tokenCheckedAt: date,
    tokenWarnedFor: date,
    tokenResumedAt: date,
    nextTokenCheckAt: date,
    nameStatus: text,
    metaStatus: text,
    webhookElsewhere: { type: webhookElsewhere, default: null },
    healthCheckedAt: date,
    nextHealthCheckAt: date,
    nextTemplateSyncAt: date,
    connectedAt: date,
    disconnectedAt: date,
    twoStepPin: text,
    nextTwoStepPin: text,
    pinShownAt: date,
  },
  stamped,
)
// Unique on the whole platform: a number belongs to one tenant at a time, and a webhook names only the number.
clientSchema.index({ phoneNumberId: 1 }, { name: 'phone_number', unique: true, partialFilterExpression: notDeleted })
clientSchema.index({ formerPhoneNumberIds: 1 }, { name: 'former_phone_number', sparse: true })
clientSchema.index({ tenantId: 1, whatsappNumber: 1 }, { name: 'tenant_number' })
clientSchema.index({ tenantId: 1, status: 1 }, { name: 'tenant_status' })
clientSchema.index({ tenantId: 1, userId: 1 }, { name: 'tenant_user', partialFilterExpression: { userId: isText } })
clientSchema.index({ wabaId: 1 }, { name: 'waba' })
clientSchema.index({ status: 1, tokenExpiry: 1 }, { name: 'status_expiry' })
clientSchema.index({ nextTokenCheckAt: 1 }, { name: 'token_check', partialFilterExpression: notDeleted })
clientSchema.index({ nextHealthCheckAt: 1 }, { name: 'health_check', partialFilterExpression: notDeleted })
clientSchema.index({ nextTemplateSyncAt: 1 }, { name: 'template_sync', partialFilterExpression: notDeleted })

const variable = new Schema(
  { name: requiredText, position: { type: Number, required: true }, description: text, example: text, component: requiredText },
  inner,
)

const submission = new Schema(
  { state: { type: String, enum: ['UNKNOWN', 'UNSUBMITTED'], required: true }, at: requiredDate, detail: text },
  inner,
)
const categoryChange = new Schema({ to: { type: String, enum: TEMPLATE_CATEGORIES, required: true }, at: requiredDate }, inner)

export const templateSchema = new Schema<TemplateDoc>(
  {
    ...common,
    tenantId: requiredId,
    wabaId: requiredText,
    name: requiredText,
    language: requiredText,
    category: { type: String, enum: TEMPLATE_CATEGORIES, required: true },
    status: { type: String, enum: TEMPLATE_STATES, default: 'PENDING' },
    reason: text,
    components: { type: [{ type: Schema.Types.Mixed }], default: [] },
    parameterFormat: { type: String, enum: ['POSITIONAL', 'NAMED'], default: 'POSITIONAL' },
    variables: { type: [variable], default: [] },
    metaTemplateId: text,
    messageSendTtlSeconds: { type: Number, default: null },
    maxPrice: { type: Schema.Types.Mixed, default: null },
    quality: { type: String, enum: QUALITIES, default: 'UNKNOWN' },
    usageCount: { type: Number, default: 0 },
    lastUsedAt: date,
    categoryChange: { type: categoryChange, default: null },
    lastEventAt,
    submission: { type: submission, default: null },
    disabledAt: date,
    edits: { type: [Date], default: [] },
    creationId: id,
  },
  stamped,
)
templateSchema.index({ tenantId: 1, wabaId: 1, name: 1, language: 1 }, { name: 'tenant_waba_name_language', unique: true })
templateSchema.index({ tenantId: 1, name: 1, language: 1 }, { name: 'tenant_name_language' })
templateSchema.index({ tenantId: 1, status: 1, category: 1, name: 1 }, { name: 'tenant_status_category' })
templateSchema.index({ tenantId: 1, createdAt: -1, _id: -1 }, { name: 'tenant_created' })
templateSchema.index({ wabaId: 1, metaTemplateId: 1 }, { name: 'waba_meta_template' })

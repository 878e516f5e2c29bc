import { Schema } from 'mongoose'
import { AVAILABILITIES } from '../../contracts/availability.ts'
import { SPEND_LEVELS } from '../../domain/accounts/spend-ceiling.ts'
import { STOP_WORDS } from '../../domain/contacts/stop-word.ts'
import { ASSIGNMENT_MODES } from '../../domain/inbox/assignment.ts'
import { MIN_KEEP_DAYS } from '../../domain/inbox/retention.ts'
import type {
  AccountLinkDoc,
  ApiKeyDoc,
  PushSubscriptionDoc,
  RefreshTokenDoc,
  TenantDoc,
  UserDoc,
} from '../../model/documents.ts'
import {
  common,
  created,
  date,
  flag,
  id,
  inner,
  isText,
  number,
  requiredDate,
  requiredId,
  requiredText,
  stamped,
  text,
} from './fields.ts'

const ROLES = ['platform_admin', 'tenant_admin', 'manager', 'agent']

const templateRef = new Schema({ name: requiredText, language: requiredText }, inner)
const price = new Schema({ category: text, country: text, from: text, amount: { type: Number, required: true, min: 0 } }, inner)
const metaRates = new Schema({ currency: requiredText, rows: { type: [price], default: [] } }, inner)

const assignment = new Schema(
  {
    mode: { type: String, enum: ASSIGNMENT_MODES, default: 'off' },
    capacity: number,
    capacities: { type: [new Schema({ agentId: requiredText, capacity: { type: Number, required: true } }, inner)], default: [] },
    rules: { type: [new Schema({ label: text, clientId: text, agentIds: { type: [String], default: [] } }, inner)], default: [] },
    giveBackMinutes: number,
  },
  inner,
)

const spendCeiling = new Schema(
  {
    amount: { type: Number, required: true, min: 0 },
    of: { type: String, enum: ['cost', 'metaCost'], required: true },
    campaignsStopAt: { type: Number, required: true },
    templatesStopAt: { type: Number, required: true },
  },
  inner,
)
const spendStop = new Schema(
  { month: requiredText, level: { type: String, enum: SPEND_LEVELS, required: true }, at: requiredDate },
  inner,
)

const settings = new Schema(
  {
    locale: { type: String, default: 'en' },
    timezone: { type: String, default: 'UTC' },
    currency: { type: String, default: 'MAD' },
    initiateTemplate: { type: templateRef, default: null },
    reengageTemplate: { type: templateRef, default: null },
    prices: { type: [price], default: () => [{ category: null, country: null, amount: 0.4 }] },
    metaRates: { type: metaRates, default: null },
    unknownOutcome: { type: String, enum: ['fail', 'retry'], default: 'fail' },
    maxWaitHours: { type: Number, default: 24, min: 1 },
    leadsEnabled: { type: Boolean, default: true },
    stopWords: { type: [String], default: () => [...STOP_WORDS] },
    sendReadReceipts: { type: Boolean, default: true },
    requireSecondFactor: { type: Boolean },
    agentsSeeOwnOnly: flag,
    onlyAssigneeReplies: flag,
    assignment: { type: assignment, default: undefined },
    spendCeiling: { type: spendCeiling, default: undefined },
    keepMessagesDays: { type: Number, min: MIN_KEEP_DAYS, default: undefined },
  },
  inner,
)

const retention = new Schema(
  {
    until: date,
    before: date,
    after: { type: new Schema({ at: requiredDate, id: requiredId }, { ...inner, id: false }), default: null },
    emptied: { type: Number, default: 0 },
  },
  inner,
)

const limits = new Schema({ messagesPerMinute: number, messagesPerDay: number }, inner)

export const tenantSchema = new Schema<TenantDoc>(
  {
    ...common,
    name: requiredText,
    status: { type: String, enum: ['active', 'suspended', 'deactivated'], default: 'active' },
    settings: { type: settings, default: () => ({}) },
    limits: { type: limits, default: () => ({}) },
    ownLimits: { type: limits },
    ceilings: { type: limits },
    spendStop: { type: spendStop, default: undefined },
    deactivatedAt: { type: Date },
    erasureKey: { type: String, default: undefined },
    retention: { type: retention, default: undefined },
  },
  stamped,
)
tenantSchema.index({ status: 1, name: 1 }, { name: 'status_name' })
tenantSchema.index({ createdAt: -1, _id: -1 }, { name: 'created' })
tenantSchema.index({ deletedAt: 1, name: 1 }, { name: 'deleted_name' })
tenantSchema.index(
  { 'settings.assignment.mode': 1 },
  {
    name: 'assignment',
    partialFilterExpression: { 'settings.assignment.mode': { $in: ASSIGNMENT_MODES.filter(mode => mode !== 'off') } },
  },
)

// Over all tenants: a background job of the sender empties their messages.
tenantSchema.index(
  { 'settings.keepMessagesDays': 1 },
  { name: 'keep_messages', partialFilterExpression: { 'settings.keepMessagesDays': { $gt: 0 } } },
)
tenantSchema.index(
  { 'retention.emptied': 1 },
  { name: 'retention_under_way', partialFilterExpression: { 'retention.emptied': { $gt: 0 } } },
)

const secondFactor = new Schema(
  {
    secret: requiredText,
    confirmedAt: date,
    recoveryHashes: { type: [String], default: [] },
    lastStep: { type: Number, default: 0 },
  },
  inner,
)

const identity = new Schema({ issuer: requiredText, subject: requiredText }, inner)

export const userSchema = new Schema<UserDoc>(
  {
    ...common,
    tenantId: requiredId,
    email: { ...requiredText, lowercase: true, trim: true },
    name: requiredText,
    passwordHash: text,
    role: { type: String, enum: ROLES, required: true },
    status: { type: String, enum: ['invited', 'active', 'disabled'], default: 'active' },
    secondFactor: { type: secondFactor, default: undefined },
    identity: { type: identity, default: undefined },
    tokenVersion: { type: Number, default: 0 },
    lastSeenAt: date,
    lastLockedAt: { type: Date },
    availability: { type: String, enum: AVAILABILITIES },
    lastAssignedAt: { type: Date },
    conversationsReleasedAt: { type: Date },
  },
  stamped,
)
// Sign-in does not know the tenant: an address is unique on the whole platform, so this index does not start with tenantId.
userSchema.index({ email: 1 }, { name: 'email', unique: true })
// An identity provider knows no tenants: its ids are unique on the whole platform.
userSchema.index(
  { 'identity.issuer': 1, 'identity.subject': 1 },
  { name: 'identity', unique: true, partialFilterExpression: { 'identity.subject': isText } },
)
// Those who came with a hash of a former system and have not signed in since.
userSchema.index({ passwordHash: 1 }, { name: 'bcrypt', partialFilterExpression: { passwordHash: { $gte: '$2', $lt: '$3' } } })
userSchema.index({ conversationsReleasedAt: 1 }, { name: 'to_release', partialFilterExpression: { status: 'disabled' } })
userSchema.index({ tenantId: 1, role: 1, status: 1 }, { name: 'tenant_role' })
userSchema.index({ tenantId: 1, createdAt: -1, _id: -1 }, { name: 'tenant_created' })

export const refreshTokenSchema = new Schema<RefreshTokenDoc>(
  {
    tenantId: requiredId,
    userId: requiredId,
    familyId: requiredText,
    tokenHash: requiredText,
    expiresAt: requiredDate,
    usedAt: date,
    graceUses: { type: Number, default: 0 },
    revokedAt: date,
    userAgent: text,
    startedAt: { type: Date },
    ip: { type: String },
  },
  created,
)
refreshTokenSchema.index({ tokenHash: 1 }, { name: 'token', unique: true })
refreshTokenSchema.index({ familyId: 1 }, { name: 'family' })
refreshTokenSchema.index({ tenantId: 1, userId: 1 }, { name: 'tenant_user' })
refreshTokenSchema.index({ expiresAt: 1 }, { name: 'ttl', expireAfterSeconds: 0 })

export const pushSubscriptionSchema = new Schema<PushSubscriptionDoc>(
  {
    tenantId: requiredId,
    userId: requiredId,
    sessionId: requiredText,
    endpoint: requiredText,
    p256dh: requiredText,
    auth: requiredText,
    keyId: requiredText,
    subject: text,
    expiresAt: requiredDate,
  },
  stamped,
)
// A browser has one endpoint, whoever signs in there: the index does not start with tenantId.
pushSubscriptionSchema.index({ endpoint: 1 }, { name: 'endpoint' })
pushSubscriptionSchema.index({ tenantId: 1, userId: 1 }, { name: 'tenant_user' })
pushSubscriptionSchema.index({ tenantId: 1, sessionId: 1 }, { name: 'tenant_session', unique: true })
pushSubscriptionSchema.index({ expiresAt: 1 }, { name: 'ttl', expireAfterSeconds: 0 })

export const accountLinkSchema = new Schema<AccountLinkDoc>(
  {
    tenantId: requiredId,
    userId: requiredId,
    purpose: { type: String, enum: ['invitation', 'reset'], required: true },
    tokenHash: requiredText,
    expiresAt: requiredDate,
    createdBy: id,
    usedAt: date,
    revokedAt: date,
  },
  created,
)
accountLinkSchema.index({ tokenHash: 1 }, { name: 'token', unique: true })
accountLinkSchema.index({ tenantId: 1, userId: 1 }, { name: 'tenant_user' })
accountLinkSchema.index({ expiresAt: 1 }, { name: 'ttl', expireAfterSeconds: 0 })

export const apiKeySchema = new Schema<ApiKeyDoc>(
  {
    ...common,
    tenantId: requiredId,
    name: requiredText,
    prefix: requiredText,
    secretHash: requiredText,
    scopes: { type: [String], default: [] },
    role: { type: String, enum: ROLES, required: true },
    lastUsedAt: date,
    expiresAt: date,
    revokedAt: date,
    replacedBy: { type: Schema.Types.ObjectId },
  },
  stamped,
)
apiKeySchema.index({ prefix: 1 }, { name: 'prefix', unique: true })
apiKeySchema.index({ tenantId: 1, createdAt: -1 }, { name: 'tenant_created' })

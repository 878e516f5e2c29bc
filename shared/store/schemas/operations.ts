import { Schema } from 'mongoose'
import { DEAD_LETTER_STATES } from '../../domain/dead-letter.ts'
import type {
  AuditLogDoc,
  CounterDoc,
  DeadLetterDoc,
  EventDoc,
  IdempotencyKeyDoc,
  LeaseDoc,
  ParkedItemDoc,
  ServiceReportDoc,
  TemplateSyncDoc,
  WebhookEventDoc,
} from '../../model/documents.ts'
import {
  anything,
  created,
  date,
  flag,
  id,
  inner,
  isText,
  number,
  requiredAnything,
  requiredDate,
  requiredId,
  requiredText,
  stamped,
  strictly,
  text,
} from './fields.ts'

const DAY_S = 24 * 60 * 60

export const webhookEventSchema = new Schema<WebhookEventDoc>(
  {
    _id: requiredText,
    tenantId: id,
    phoneNumberId: text,
    wabaId: text,
    eventType: { type: String, enum: ['message', 'status', 'error', 'account'], required: true },
    field: { type: String, default: '' },
    payload: requiredAnything,
    status: { type: String, enum: ['PENDING', 'PROCESSED', 'FAILED', 'IGNORED'], default: 'PENDING' },
    reason: text,
    attempts: { type: Number, default: 0 },
    receivedAt: requiredDate,
    processedAt: date,
  },
  strictly,
)
webhookEventSchema.index({ tenantId: 1, receivedAt: -1, _id: -1 }, { name: 'tenant_received' })
webhookEventSchema.index({ tenantId: 1, status: 1, receivedAt: -1, _id: -1 }, { name: 'tenant_status_received' })
webhookEventSchema.index({ phoneNumberId: 1, receivedAt: -1 }, { name: 'phone_number_received' })
webhookEventSchema.index({ receivedAt: 1 }, { name: 'ttl', expireAfterSeconds: 30 * DAY_S })

/** Items that are parked before their message, and so their tenant, is known: found by Meta's ids only. */
export const parkedItemSchema = new Schema<ParkedItemDoc>(
  {
    _id: requiredText,
    phoneNumberId: requiredText,
    wamid: requiredText,
    messageId: text,
    attempt: number,
    status: requiredText,
    at: requiredDate,
    payload: requiredAnything,
  },
  created,
)
parkedItemSchema.index({ wamid: 1 }, { name: 'wamid' })
parkedItemSchema.index({ messageId: 1 }, { name: 'message', partialFilterExpression: { messageId: isText } })
// Ingest drops and counts parked items after a day; the TTL covers the case that no ingest runs.
parkedItemSchema.index({ createdAt: 1 }, { name: 'ttl', expireAfterSeconds: 2 * DAY_S })

export const eventSchema = new Schema<EventDoc>(
  {
    _id: requiredText,
    tenantId: requiredId,
    name: requiredText,
    at: requiredDate,
    clientId: id,
    conversationId: id,
    userId: id,
    payload: requiredAnything,
    seq: Number,
    numberedAt: Date,
    emittedAt: Date,
  },
  created,
)
// Equality with null matches a missing field and, unlike `$exists: false`, is allowed in a partial index.
eventSchema.index({ createdAt: 1 }, { name: 'outbox', partialFilterExpression: { seq: null } })
eventSchema.index({ tenantId: 1, seq: 1 }, { name: 'tenant_seq', unique: true, partialFilterExpression: { seq: { $gte: 0 } } })
eventSchema.index({ createdAt: 1 }, { name: 'ttl', expireAfterSeconds: DAY_S })

const deadLetterStep = new Schema(
  {
    at: requiredDate,
    action: { type: String, enum: ['replayed', 'returned', 'discarded'], required: true },
    by: requiredId,
    name: { type: String, default: '' },
    detail: text,
  },
  inner,
)

export const deadLetterSchema = new Schema<DeadLetterDoc>(
  {
    tenantId: id,
    queue: requiredText,
    exchange: { type: String, default: '' },
    routingKey: { type: String, default: '' },
    type: { type: String, default: '' },
    reason: { type: String, default: '' },
    error: text,
    attempt: { type: Number, default: 0 },
    messageId: text,
    payload: { type: String, default: '' },
    headers: { type: Schema.Types.Mixed, default: () => ({}) },
    state: { type: String, enum: DEAD_LETTER_STATES, default: 'NEW' },
    settledAt: date,
    settledBy: id,
    cause: { type: String, default: '' },
    claim: text,
    original: text,
    isEdited: flag,
    history: { type: [deadLetterStep], default: [] },
  },
  created,
)
deadLetterSchema.index({ tenantId: 1, state: 1, createdAt: -1, _id: -1 }, { name: 'tenant_state_created' })
deadLetterSchema.index({ state: 1, createdAt: -1, _id: -1 }, { name: 'state_created' })
// Lists of every state.
deadLetterSchema.index({ tenantId: 1, createdAt: -1, _id: -1 }, { name: 'tenant_created' })
deadLetterSchema.index({ createdAt: -1, _id: -1 }, { name: 'created' })
deadLetterSchema.index({ messageId: 1, createdAt: -1 }, { name: 'message', partialFilterExpression: { messageId: isText } })
// The broker may deliver a dead letter twice, to two consumers at the same time. After a replay the same message may make a new
// dead letter.
deadLetterSchema.index(
  { messageId: 1, queue: 1, attempt: 1 },
  { name: 'message_queue', unique: true, partialFilterExpression: { messageId: isText, state: 'NEW' } },
)

export const idempotencyKeySchema = new Schema<IdempotencyKeyDoc>(
  {
    tenantId: requiredId,
    key: requiredText,
    requestHash: requiredText,
    status: number,
    body: anything,
    holder: id,
    attempts: number,
    resourceId: id,
    heldUntil: date,
  },
  created,
)
idempotencyKeySchema.index({ tenantId: 1, key: 1 }, { name: 'tenant_key', unique: true })
idempotencyKeySchema.index({ createdAt: 1 }, { name: 'ttl', expireAfterSeconds: DAY_S })

const actor = new Schema(
  { kind: { type: String, enum: ['user', 'apiKey', 'system'], required: true }, id, name: text },
  { ...inner, id: false },
)
const object = new Schema({ kind: requiredText, id: requiredText }, { ...inner, id: false })

export const auditLogSchema = new Schema<AuditLogDoc>(
  {
    tenantId: id,
    actor: { type: actor, required: true },
    action: requiredText,
    object: { type: object, required: true },
    changes: { type: Schema.Types.Mixed, default: () => ({}) },
    ip: text,
    at: requiredDate,
  },
  strictly,
)
auditLogSchema.index({ tenantId: 1, at: -1, _id: -1 }, { name: 'tenant_at' })
auditLogSchema.index({ tenantId: 1, 'actor.id': 1, at: -1, _id: -1 }, { name: 'tenant_actor' })
auditLogSchema.index({ tenantId: 1, action: 1, at: -1, _id: -1 }, { name: 'tenant_action' })
auditLogSchema.index({ tenantId: 1, 'object.kind': 1, 'object.id': 1, at: -1 }, { name: 'tenant_object' })

const figure = { type: Number, required: true }
const pace = new Schema({ calls: figure, unanswered: figure, p95Ms: figure }, inner)

export const serviceReportSchema = new Schema<ServiceReportDoc>(
  {
    _id: requiredText,
    service: { type: String, enum: ['gateway', 'ingest', 'sender', 'realtime'], required: true },
    version: requiredText,
    startedAt: requiredDate,
    seenAt: requiredDate,
    isReady: flag,
    parts: { type: Schema.Types.Mixed, default: () => ({}) },
    pace: { type: pace, default: null },
  },
  strictly,
)
serviceReportSchema.index({ seenAt: 1 }, { name: 'ttl', expireAfterSeconds: DAY_S })

export const leaseSchema = new Schema<LeaseDoc>({ _id: requiredText, owner: requiredText, until: requiredDate }, strictly)
leaseSchema.index({ until: 1 }, { name: 'ttl', expireAfterSeconds: DAY_S })

export const counterSchema = new Schema<CounterDoc>({ _id: requiredText, value: { type: Number, default: 0 } }, strictly)

const count = { type: Number, default: 0 }

export const templateSyncSchema = new Schema<TemplateSyncDoc>(
  {
    _id: requiredText,
    tenantId: requiredId,
    status: { type: String, enum: ['PENDING', 'RUNNING', 'DONE', 'FAILED'], default: 'PENDING' },
    isOpen: { type: Boolean, default: true },
    trigger: { type: String, enum: ['request', 'schedule'], required: true },
    requestedBy: id,
    attempts: count,
    error: text,
    counts: {
      type: new Schema({ read: count, added: count, changed: count, gone: count }, inner),
      default: () => ({ read: 0, added: 0, changed: 0, gone: 0 }),
    },
    accounts: { type: [new Schema({ wabaId: requiredText, error: text }, inner)], default: [] },
    dueAt: requiredDate,
    heldUntil: date,
  },
  stamped,
)
templateSyncSchema.index({ tenantId: 1, createdAt: -1, _id: -1 }, { name: 'tenant_created' })
templateSyncSchema.index({ tenantId: 1 }, { name: 'tenant_open', unique: true, partialFilterExpression: { isOpen: true } })
templateSyncSchema.index({ dueAt: 1 }, { name: 'due', partialFilterExpression: { isOpen: true } })
templateSyncSchema.index({ createdAt: 1 }, { name: 'ttl', expireAfterSeconds: 30 * DAY_S })

import { Schema } from 'mongoose'
import { DELIVERY_PROBLEMS } from '../../domain/subscriptions/delivery.ts'
import type { EventDeliveryDoc, EventSubscriptionDoc } from '../../model/documents.ts'
import {
  common,
  created,
  date,
  flag,
  id,
  inner,
  notDeleted,
  requiredDate,
  requiredId,
  requiredText,
  stamped,
  text,
} from './fields.ts'

const WEEK_S = 7 * 24 * 60 * 60

const problem = { type: String, enum: [...DELIVERY_PROBLEMS, null], default: null }
const count = { type: Number, default: 0 }

const secret = new Schema({ keyId: requiredId, sealed: requiredText, createdAt: requiredDate, expiresAt: date }, inner)
const replay = new Schema(
  {
    from: requiredDate,
    to: requiredDate,
    onlyFailed: flag,
    requestedAt: requiredDate,
    seq: count,
    count,
  },
  inner,
)

export const eventSubscriptionSchema = new Schema<EventSubscriptionDoc>(
  {
    ...common,
    tenantId: requiredId,
    name: { type: String, default: '' },
    url: requiredText,
    types: { type: [String], default: [] },
    status: { type: String, enum: ['ENABLED', 'DISABLED'], default: 'ENABLED' },
    disabledReason: { type: String, enum: ['user', 'failing', 'gone', null], default: null },
    disabledAt: date,
    enabledAt: requiredDate,
    secrets: { type: [secret], default: [] },
    position: count,
    failingSince: date,
    lastDeliveredAt: date,
    lastProblem: problem,
    wakes: count,
    hasTests: flag,
    replay: { type: replay, default: null },
  },
  stamped,
)
eventSubscriptionSchema.index({ tenantId: 1, createdAt: -1, _id: -1 }, { name: 'tenant_created' })
// Of all tenants: one process delivers their events.
eventSubscriptionSchema.index({ status: 1 }, { name: 'enabled', partialFilterExpression: { status: 'ENABLED', ...notDeleted } })
eventSubscriptionSchema.index({ hasTests: 1 }, { name: 'tests', partialFilterExpression: { hasTests: true } })

const attempt = new Schema(
  { at: requiredDate, durationMs: count, status: { type: Number, default: null }, problem, detail: text },
  inner,
)

export const eventDeliverySchema = new Schema<EventDeliveryDoc>(
  {
    tenantId: requiredId,
    subscriptionId: requiredId,
    eventId: requiredText,
    type: requiredText,
    seq: count,
    conversationId: id,
    orderingKey: requiredText,
    at: requiredDate,
    state: { type: String, enum: ['PENDING', 'DELIVERED', 'FAILED'], default: 'PENDING' },
    isTest: flag,
    isErasure: flag,
    body: requiredText,
    tries: count,
    nextAttemptAt: date,
    attempts: { type: [attempt], default: [] },
    deliveredAt: date,
    replayedAt: date,
  },
  created,
)
const PENDING = { partialFilterExpression: { state: 'PENDING' } } as const
const own = { tenantId: 1, subscriptionId: 1 } as const
eventDeliverySchema.index({ ...own, eventId: 1 }, { name: 'subscription_event', unique: true })
eventDeliverySchema.index({ ...own, seq: 1 }, { name: 'subscription_pending', ...PENDING })
eventDeliverySchema.index({ ...own, orderingKey: 1, seq: 1 }, { name: 'ordering_key_pending', ...PENDING })
eventDeliverySchema.index({ ...own, at: -1, _id: -1 }, { name: 'subscription_at' })
eventDeliverySchema.index({ ...own, state: 1, at: -1, _id: -1 }, { name: 'subscription_state_at' })
eventDeliverySchema.index({ tenantId: 1, conversationId: 1 }, { name: 'conversation' })
eventDeliverySchema.index({ createdAt: 1 }, { name: 'ttl', expireAfterSeconds: WEEK_S })

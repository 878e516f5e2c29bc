import { Schema } from 'mongoose'
import type { AnalyticsCellDoc, AnalyticsStateDoc, ClosingDoc, CountedMessageDoc } from '../../model/documents.ts'
import { anything, date, id, inner, number, requiredDate, requiredId, requiredText, strictly, text } from './fields.ts'

const counts = { type: Schema.Types.Mixed, default: () => ({}) }
const cell = {
  day: requiredText,
  kind: { type: String, enum: ['INBOUND', 'OUTBOUND', 'CLOSING'], required: true },
  clientId: requiredText,
  template: text,
  agentId: text,
  origin: text,
  category: text,
  country: text,
}

export const analyticsCellSchema = new Schema<AnalyticsCellDoc>(
  { _id: requiredText, tenantId: requiredId, generation: number, ...cell, counts },
  strictly,
)
analyticsCellSchema.index({ tenantId: 1, generation: 1, day: 1 }, { name: 'tenant_day' })

export const countedMessageSchema = new Schema<CountedMessageDoc>(
  { tenantId: requiredId, generation: number, cell: { type: new Schema(cell, inner), default: null }, counts, wait: anything },
  strictly,
)

export const analyticsStateSchema = new Schema<AnalyticsStateDoc>(
  {
    tenantId: requiredId,
    generation: number,
    cursor: number,
    countedAt: date,
    timezone: requiredText,
    months: { type: Schema.Types.Mixed, default: () => ({}) },
    rebuild: anything,
  },
  strictly,
)

export const closingSchema = new Schema<ClosingDoc>(
  {
    tenantId: requiredId,
    conversationId: requiredId,
    clientId: requiredId,
    assignedTo: id,
    openedAt: date,
    closedAt: requiredDate,
    countedIn: { type: Number, default: 0 },
  },
  strictly,
)
closingSchema.index({ tenantId: 1, conversationId: 1, closedAt: -1 }, { name: 'tenant_conversation' })
// A background job looks for closings that the counters lack: nearly all are of the tenant's generation.
closingSchema.index({ tenantId: 1, countedIn: 1, _id: 1 }, { name: 'tenant_counted' })

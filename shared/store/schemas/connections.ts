import { Schema } from 'mongoose'
import { CONNECTION_STATES, STEP_KEYS, STEP_STATES } from '../../domain/onboarding/steps.ts'
import type { ConnectionDoc } from '../../model/documents.ts'
import { anything, common, date, flag, inner, isText, requiredAnything, requiredId, stamped, text } from './fields.ts'

const step = new Schema(
  {
    key: { type: String, enum: STEP_KEYS, required: true },
    wabaId: text,
    phoneNumberId: text,
    state: { type: String, enum: STEP_STATES, required: true },
    at: date,
    attempts: { type: Number, default: 0 },
    nextAt: date,
    problem: anything,
    note: text,
  },
  inner,
)
const number = new Schema(
  {
    phoneNumberId: { type: String, required: true },
    wabaId: { type: String, required: true },
    whatsappNumber: { type: String, required: true },
    verifiedName: text,
    coexistence: flag,
    clientId: requiredId,
    isRegistered: flag,
    isPinEnabled: { type: Boolean, default: null },
  },
  inner,
)
const account = new Schema({ wabaId: { type: String, required: true }, portfolioId: text, name: text }, inner)

export const connectionSchema = new Schema<ConnectionDoc>(
  {
    ...common,
    tenantId: requiredId,
    kind: { type: String, enum: ['signup', 'token', 'settings', 'check', 'disconnect'], required: true },
    state: { type: String, enum: CONNECTION_STATES, required: true },
    actor: requiredAnything,
    stateHash: text,
    expiresAt: date,
    redirectUri: text,
    coexistence: flag,
    wanted: { type: new Schema({ phoneNumberId: text, wabaId: text }, inner), required: true },
    about: { type: Schema.Types.Mixed, default: () => ({}) },
    code: text,
    accessToken: text,
    pin: text,
    token: anything,
    wabas: { type: [account], default: [] },
    numbers: { type: [number], default: [] },
    steps: { type: [step], default: [] },
    nextAt: date,
    heldBy: text,
    heldUntil: date,
    causeKey: text,
    endedAt: date,
  },
  stamped,
)
connectionSchema.index({ tenantId: 1, createdAt: -1, _id: -1 }, { name: 'tenant_created' })
connectionSchema.index({ state: 1, nextAt: 1 }, { name: 'state_next' })
connectionSchema.index({ tenantId: 1, 'numbers.clientId': 1, createdAt: -1, _id: -1 }, { name: 'tenant_number_created' })
connectionSchema.index(
  { tenantId: 1, causeKey: 1 },
  { name: 'tenant_cause', unique: true, partialFilterExpression: { causeKey: isText } },
)

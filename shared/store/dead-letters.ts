import { Types } from 'mongoose'
import { MESSAGE_TYPE } from '../contracts/message-types.ts'
import type { Store } from './connect.ts'
import type { DeadLetterDoc } from './documents.ts'
import { orOutage } from './outage.ts'

/** Keeps a dead letter; the same one twice (a redelivery of the broker) is kept once. Platform-wide: its tenant may be unknown. @throws Outage */
export async function keepDeadLetter(
  store: Store,
  letter: Omit<DeadLetterDoc, '_id' | 'state' | 'settledAt' | 'settledBy'>,
): Promise<void> {
  const { messageId, queue, attempt } = letter
  const $setOnInsert = { ...letter, _id: new Types.ObjectId(), state: 'NEW' as const, settledAt: null, settledBy: null }
  const filter = { messageId, queue, attempt, state: 'NEW' as const }
  const kept = store.raw.deadLetters.updateOne(filter, { $setOnInsert }, { upsert: true }).catch(error => {
    // Another keeper was first.
    if (error.code !== 11_000) throw error
  })
  await orOutage(kept)
}

/** The webhook events of a body that was given up: FAILED with the reason, those that were never written included. @throws Outage */
export async function failWebhookEvents(store: Store, events: Parameters<typeof failOne>[1][]): Promise<void> {
  for (const event of events) await orOutage(failOne(store, event))
}

async function failOne(
  store: Store,
  event: {
    _id: string
    phoneNumberId: string | null
    wabaId: string | null
    eventType: 'message' | 'status' | 'error' | 'account'
    field: string
    payload: Record<string, unknown>
    receivedAt: Date
    reason: string
    tenantId: Types.ObjectId | null
  },
): Promise<void> {
  const { _id, reason, ...rest } = event
  const filter = { _id, status: { $nin: ['PROCESSED' as const, 'IGNORED' as const] } }
  const update = {
    $set: { status: 'FAILED' as const, reason, processedAt: new Date() },
    $inc: { attempts: 1 },
    $setOnInsert: rest,
  }
  await store.raw.webhookEvents.updateOne(filter, update, { upsert: true }).catch(error => {
    // Processed meanwhile: the upsert then meets the very row.
    if (error.code !== 11_000) throw error
  })
}

/** The letters of webhook events that are on their way again. */
export async function settleDeadLetters(store: Store, eventIds: readonly string[], by: Types.ObjectId, at: Date): Promise<void> {
  if (eventIds.length === 0) return
  const filter = { messageId: { $in: [...eventIds] }, type: MESSAGE_TYPE.webhook, state: 'NEW' as const }
  const settled = { state: 'REPLAYED' as const, settledAt: at, settledBy: by }
  await orOutage(store.raw.deadLetters.updateMany(filter, { $set: settled }))
}

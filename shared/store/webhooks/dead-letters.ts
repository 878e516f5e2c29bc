import { causeOf } from '../../domain/dead-letter.ts'
import type { DeadLetterDoc, WebhookEventDoc } from '../../model/documents.ts'
import { type Id, newId } from '../../model/ids.ts'
import type { Store } from '../connect.ts'
import { isDuplicateKey } from '../errors.ts'
import { orOutage } from '../outage.ts'

export type NewDeadLetter = Omit<
  DeadLetterDoc,
  '_id' | 'state' | 'settledAt' | 'settledBy' | 'cause' | 'claim' | 'original' | 'isEdited' | 'history'
>

/**
 * Stores a dead letter, once also when the broker redelivers it. Not restricted to a tenant, because its tenant may be unknown.
 * @throws Outage
 */
export async function storeDeadLetter(store: Store, deadLetter: NewDeadLetter): Promise<void> {
  const { messageId, queue, attempt, reason, error } = deadLetter
  const open = {
    state: 'NEW' as const,
    settledAt: null,
    settledBy: null,
    claim: null,
    original: null,
    isEdited: false,
    history: [],
  }
  const $setOnInsert = { ...deadLetter, ...open, _id: newId(), cause: causeOf(reason, error) }
  const filter = { messageId, queue, attempt, state: 'NEW' as const }
  const kept = store.raw.deadLetters.updateOne(filter, { $setOnInsert }, { upsert: true }).catch(error => {
    // Another dead-letter consumer stored it first.
    if (!isDuplicateKey(error)) throw error
  })
  await orOutage(kept)
}

/** Marks the webhook events of a dead-lettered body as FAILED with the reason; missing rows are inserted. @throws Outage */
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
    tenantId: Id | null
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
    // The event was processed meanwhile: the filter does not match it, and the upsert collides with its id.
    if (!isDuplicateKey(error)) throw error
  })
}

/** Present state of the webhook events of dead letters, of any tenant, by id. @throws Outage */
export async function findDeadLetterEvents(
  store: Store,
  ids: readonly string[],
): Promise<Map<string, Pick<WebhookEventDoc, 'status' | 'reason' | 'tenantId'>>> {
  if (ids.length === 0) return new Map()
  const rows = store.raw.webhookEvents.find({ _id: { $in: [...ids] } }, { projection: { status: 1, reason: 1, tenantId: 1 } })
  return new Map((await orOutage(rows.toArray())).map(row => [row._id, row]))
}

/** Moves webhook events of dead letters from FAILED to PENDING for a replay, or back when it was not published. @throws Outage */
export async function moveDeadLetterEvents(store: Store, ids: readonly string[], from: 'FAILED' | 'PENDING'): Promise<void> {
  if (ids.length === 0) return
  const status = from === 'FAILED' ? 'PENDING' : 'FAILED'
  await orOutage(store.raw.webhookEvents.updateMany({ _id: { $in: [...ids] }, status: from }, { $set: { status } }))
}

/** Marks failed webhook events as IGNORED, because edited ones were published instead. @throws Outage */
export async function retireDeadLetterEvents(store: Store, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return
  const $set = { status: 'IGNORED' as const, reason: 'replayed with an edited payload instead', processedAt: new Date() }
  await orOutage(store.raw.webhookEvents.updateMany({ _id: { $in: [...ids] }, status: 'FAILED' }, { $set }))
}

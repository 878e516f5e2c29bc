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

/** Keeps a dead letter; the same one twice (a redelivery of the broker) is kept once. Platform-wide: its tenant may be unknown. @throws Outage */
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
    // Another keeper was first.
    if (!isDuplicateKey(error)) throw error
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
    // Processed meanwhile: the upsert then meets the very row.
    if (!isDuplicateKey(error)) throw error
  })
}

/** How the webhook events of letters stand now, whosever they are. @throws Outage */
export async function findDeadLetterEvents(
  store: Store,
  ids: readonly string[],
): Promise<Map<string, Pick<WebhookEventDoc, 'status' | 'reason' | 'tenantId'>>> {
  if (ids.length === 0) return new Map()
  const rows = store.raw.webhookEvents.find({ _id: { $in: [...ids] } }, { projection: { status: 1, reason: 1, tenantId: 1 } })
  return new Map((await orOutage(rows.toArray())).map(row => [row._id, row]))
}

/** The failed events of letters that go out again, and back when they did not. @throws Outage */
export async function moveDeadLetterEvents(store: Store, ids: readonly string[], from: 'FAILED' | 'PENDING'): Promise<void> {
  if (ids.length === 0) return
  const status = from === 'FAILED' ? 'PENDING' : 'FAILED'
  await orOutage(store.raw.webhookEvents.updateMany({ _id: { $in: [...ids] }, status: from }, { $set: { status } }))
}

/** Failed events in whose place an edited one went out. @throws Outage */
export async function retireDeadLetterEvents(store: Store, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return
  const $set = { status: 'IGNORED' as const, reason: 'it was edited and sent in another form', processedAt: new Date() }
  await orOutage(store.raw.webhookEvents.updateMany({ _id: { $in: [...ids] }, status: 'FAILED' }, { $set }))
}

import type { WebhookItem } from '../meta/webhook.ts'
import { PARKED } from '../model/batch-plan.ts'
import type { Id, WebhookEventDoc } from '../model/documents.ts'
import { ERASED_PAYLOAD } from '../model/erased-message.ts'
import type { State } from './state.ts'

/** How an item ended. */
export type ItemOutcome = 'processed' | 'ignored' | 'parked' | 'failed' | 'duplicate'
export interface Verdict {
  outcome: ItemOutcome
  /** Why the item was ignored, parked or failed, as shown with the event. */
  reason: string | null
  /** The payload is about somebody who was erased: it is not stored. */
  hidesPayload?: boolean
}

export const PROCESSED: Verdict = { outcome: 'processed', reason: null }
export const DUPLICATE: Verdict = { outcome: 'duplicate', reason: null }
export const ignored = (reason: string): Verdict => ({ outcome: 'ignored', reason })
export const failed = (reason: string): Verdict => ({ outcome: 'failed', reason })

/** Parks an item whose message is not stored yet: kept for 24 h and applied when the message appears. */
export function park(state: State, item: WebhookItem & { wamid: string }, target: string, parked: ParkedAs, now: Date): Verdict {
  state.parked.push({
    _id: item.eventId,
    phoneNumberId: item.phoneNumberId ?? '',
    wamid: target,
    messageId: parked.messageId,
    attempt: parked.attempt,
    status: parked.status,
    at: item.at,
    payload: item.payload,
    createdAt: now,
  })
  return { outcome: 'parked', reason: PARKED }
}
export interface ParkedAs {
  status: string
  messageId: string | null
  attempt: number | null
}

/** Type of an item's event; that of an unreadable item follows from the prefix of its id. */
export function eventTypeOf(item: WebhookItem): WebhookEventDoc['eventType'] {
  if (item.eventId.startsWith('s:')) return 'status'
  if (item.eventId.startsWith('m:')) return 'message'
  return item.kind === 'account' && Array.isArray(item.value.errors) ? 'error' : 'account'
}

const STORED: Record<ItemOutcome, WebhookEventDoc['status']> = {
  processed: 'PROCESSED',
  ignored: 'IGNORED',
  duplicate: 'IGNORED',
  parked: 'IGNORED',
  failed: 'FAILED',
}

export const statusOf = (verdict: Verdict): WebhookEventDoc['status'] => STORED[verdict.outcome]

export function webhookEventOf(item: WebhookItem, tenantId: Id | null, verdict: Verdict, now: Date): WebhookEventDoc {
  return {
    _id: item.eventId,
    tenantId,
    phoneNumberId: item.phoneNumberId,
    wabaId: item.wabaId,
    eventType: eventTypeOf(item),
    field: item.field,
    payload: verdict.hidesPayload ? ERASED_PAYLOAD : item.payload,
    status: statusOf(verdict),
    reason: verdict.reason,
    attempts: 1,
    receivedAt: item.receivedAt,
    processedAt: now,
  }
}

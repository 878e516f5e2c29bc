import type { EventName } from '../contracts/realtime-event.ts'
import type { DeadLetterState } from '../domain/dead-letter.ts'
import type { Id } from './common.ts'

export type WebhookEventStatus = 'PENDING' | 'PROCESSED' | 'FAILED' | 'IGNORED'

export interface WebhookEventDoc {
  /** `m:`, `s:` or `a:` and a hash of what the fact is known by: ids are shown and logged, and a wamid encodes a phone number. */
  _id: string
  /** null: no tenant of ours owns the number; only a platform_admin sees it. */
  tenantId: Id | null
  phoneNumberId: string | null
  wabaId: string | null
  eventType: 'message' | 'status' | 'error' | 'account'
  field: string
  /** Item in an envelope of its own, so that a replay is an ordinary webhook. */
  payload: Record<string, unknown>
  status: WebhookEventStatus
  reason: string | null
  attempts: number
  receivedAt: Date
  processedAt: Date | null
}

export interface ParkedItemDoc {
  /** The webhook event's id. */
  _id: string
  phoneNumberId: string
  wamid: string
  /** Our message id, if the callback data contains it. */
  messageId: string | null
  attempt: number | null
  status: string
  at: Date
  payload: Record<string, unknown>
  /** Time of parking; the item is dropped 24 h later. */
  createdAt: Date
}

export interface EventDoc {
  /** eventId. */
  _id: string
  tenantId: Id
  name: EventName
  at: Date
  clientId: Id | null
  conversationId: Id | null
  userId: Id | null
  payload: Record<string, unknown>
  /** Sequence number in the tenant's order, set by realtime. Missing: still in the outbox, found by `{ seq: null }`. */
  seq?: number | null
  /** When it got its `seq`, by MongoDB's clock. */
  numberedAt?: Date
  /**
   * When it had been emitted to the sockets of the node that numbered it; noted once a second, with the tenant's newest event only:
   * those before it were emitted no later.
   */
  emittedAt?: Date
  /** TTL 24 h. */
  createdAt: Date
}

export interface DeadLetterDoc {
  _id: Id
  tenantId: Id | null
  queue: string
  exchange: string
  routingKey: string
  type: string
  reason: string
  error: string | null
  attempt: number
  messageId: string | null
  /** UTF-8 body of the message. */
  payload: string
  headers: Record<string, unknown>
  state: DeadLetterState
  /** Time of settling; during a replay, its start. */
  settledAt: Date | null
  settledBy: Id | null
  createdAt: Date
  /** Cause shared by dead letters that failed for the same reason. */
  cause: string
  /** Id of the replay that holds the dead letter. */
  claim: string | null
  /** Original payload, if it was edited before its replay. */
  original: string | null
  isEdited: boolean
  /** Actions of people on the dead letter, oldest first. */
  history: DeadLetterStep[]
}

/** Action on a dead letter. `returned`: the broker did not accept its replay. */
export interface DeadLetterStep {
  at: Date
  action: 'replayed' | 'returned' | 'discarded'
  by: Id
  name: string
  detail: string | null
}

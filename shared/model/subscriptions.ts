import type { DeliveryProblem } from '../domain/subscriptions/delivery.ts'
import type { Common, Id } from './common.ts'

/** A secret that signs deliveries, for as long as it is in force. */
export interface SubscriptionSecret {
  keyId: Id
  /** `whsec_…`, encrypted. */
  sealed: string
  createdAt: Date
  /** Null: in force until it is replaced. */
  expiresAt: Date | null
}

/** `user`: somebody switched it off. `failing`: a day of failures. `gone`: the endpoint answered 410. */
export type DisabledReason = 'user' | 'failing' | 'gone'

/** What shall be delivered again: the events of a time, as far as they are kept. */
export interface SubscriptionReplay {
  from: Date
  to: Date
  /** Those only whose attempts ended without success. */
  onlyFailed: boolean
  requestedAt: Date
  /** Position in the event log up to which missing events have been taken over. */
  seq: number
  /** How many deliveries have been ordered so far. */
  count: number
}

/** A tenant's wish to have its events at an address of its own. */
export interface EventSubscriptionDoc extends Common {
  tenantId: Id
  name: string
  url: string
  /** Types of events; an empty list is all of them. */
  types: string[]
  status: 'ENABLED' | 'DISABLED'
  disabledReason: DisabledReason | null
  disabledAt: Date | null
  /** When it was last switched on: what failed before counts no longer. */
  enabledAt: Date
  /** Newest first; several during a rotation. */
  secrets: SubscriptionSecret[]
  /** `seq` up to which the event log has become deliveries. */
  position: number
  /** Since when every call has failed; null: the last one succeeded, or there was none. */
  failingSince: Date | null
  lastDeliveredAt: Date | null
  lastProblem: DeliveryProblem | null
  /** Raised whenever deliveries were changed by another process than the one that delivers. */
  wakes: number
  /** Whether test deliveries wait. */
  hasTests: boolean
  replay: SubscriptionReplay | null
}

export interface DeliveryAttempt {
  at: Date
  durationMs: number
  /** HTTP status; null where no answer came. */
  status: number | null
  /** Null: delivered. */
  problem: DeliveryProblem | null
  /** Beginning of the answer, or the code of the error. */
  detail: string | null
}

/** `PENDING`: something is left to do. */
export type DeliveryState = 'PENDING' | 'DELIVERED' | 'FAILED'

/** One event for one subscription. Unique: (tenantId, subscriptionId, eventId). Kept for a week. */
export interface EventDeliveryDoc {
  _id: Id
  tenantId: Id
  subscriptionId: Id
  eventId: string
  type: string
  /** Position of the event in the tenant's order; 0 for a test. */
  seq: number
  conversationId: Id | null
  /** Deliveries of a subscription with the same key go one after the other, in the order of `seq`. */
  orderingKey: string
  /** Time of the event. */
  at: Date
  state: DeliveryState
  isTest: boolean
  /** Whether the event says that a contact was erased: it outlives the erasure. */
  isErasure: boolean
  /** The JSON that is sent and signed: the same bytes at each attempt. */
  body: string
  /** Attempts since it was last ordered. */
  tries: number
  nextAttemptAt: Date | null
  /** The latest ones, oldest first. */
  attempts: DeliveryAttempt[]
  deliveredAt: Date | null
  /** Time of the replay that last ordered it again. */
  replayedAt: Date | null
  createdAt: Date
}

import type { SequencedEvent } from '../../contracts/socket-events.ts'
import type {
  DeliveryAttempt,
  DeliveryState,
  DisabledReason,
  EventDeliveryDoc,
  EventDoc,
  EventSubscriptionDoc,
  Id,
} from '../../model/documents.ts'
import { newId, toId } from '../../model/ids.ts'
import { subscriptionStatus } from '../../views/events.ts'
import { audit } from '../accounts/audit.ts'
import type { Store } from '../connect.ts'
import { isDuplicateKey } from '../errors.ts'
import { insertEvents } from '../events/insert.ts'
import { orOutage } from '../outage.ts'

/** Statements of the process that delivers events, for the subscriptions of all tenants. */

/** Most subscriptions of an installation that are served. */
const MOST = 10_000

/** Subscriptions with something to do: those that are switched on, and those of which a test was ordered. @throws Outage */
export async function findActiveSubscriptions({ raw }: Store): Promise<EventSubscriptionDoc[]> {
  const enabled = raw.eventSubscriptions.find({ status: 'ENABLED', deletedAt: null }).limit(MOST).toArray()
  const tested = raw.eventSubscriptions.find({ hasTests: true, status: 'DISABLED', deletedAt: null }).limit(MOST).toArray()
  return (await orOutage(Promise.all([enabled, tested]))).flat()
}

/** Adds deliveries; those that exist stay as they are. @returns how many are new @throws Outage */
export async function insertDeliveries({ raw }: Store, rows: EventDeliveryDoc[]): Promise<number> {
  if (rows.length === 0) return 0
  try {
    return (await orOutage(raw.eventDeliveries.insertMany(rows, { ordered: false }))).insertedCount
  } catch (error) {
    if (!isDuplicateKey(error)) throw error
    return (error as { insertedCount?: number }).insertedCount ?? 0
  }
}

/** Notes up to which `seq` the event log has become deliveries. Never moves back. @throws Outage */
export async function movePositions({ raw }: Store, moved: readonly { subscription: Owner; seq: number }[]): Promise<void> {
  if (moved.length === 0) return
  const operations = moved.map(({ subscription: { tenantId, _id }, seq }) => ({
    updateOne: { filter: { tenantId, _id }, update: { $max: { position: seq } } },
  }))
  await orOutage(raw.eventSubscriptions.bulkWrite(operations, { ordered: false }))
}

type Owner = Pick<EventSubscriptionDoc, 'tenantId' | '_id'>

/** Deliveries that wait, in the order of their events, after a `seq`. @throws Outage */
export async function findPending({ raw }: Store, owner: Owner, afterSeq: number, limit: number): Promise<EventDeliveryDoc[]> {
  const filter = { ...ofSubscription(owner), state: 'PENDING' as const, seq: { $gt: afterSeq } }
  return await orOutage(
    raw.eventDeliveries.find(filter, { hint: 'subscription_pending' }).sort({ seq: 1 }).limit(limit).toArray(),
  )
}

/** The first deliveries of an ordering key that wait. @throws Outage */
export async function findPendingOf(
  { raw }: Store,
  owner: Owner,
  orderingKey: string,
  limit: number,
): Promise<EventDeliveryDoc[]> {
  const filter = { ...ofSubscription(owner), state: 'PENDING' as const, orderingKey }
  return await orOutage(
    raw.eventDeliveries.find(filter, { hint: 'ordering_key_pending' }).sort({ seq: 1 }).limit(limit).toArray(),
  )
}

/** Test deliveries that wait. Their position is 0. @throws Outage */
export async function findTests({ raw }: Store, owner: Owner, limit: number): Promise<EventDeliveryDoc[]> {
  const filter = { ...ofSubscription(owner), state: 'PENDING' as const, seq: 0, isTest: true }
  return await orOutage(raw.eventDeliveries.find(filter, { hint: 'subscription_pending' }).limit(limit).toArray())
}

/** Notes that no test waits, unless one was ordered meanwhile. @throws Outage */
export async function endTests({ raw }: Store, { tenantId, _id, wakes }: EventSubscriptionDoc): Promise<void> {
  await orOutage(raw.eventSubscriptions.updateOne({ tenantId, _id, wakes }, { $set: { hasTests: false } }))
}

/** What an attempt leaves in a delivery. */
export interface Settled {
  delivery: Pick<EventDeliveryDoc, 'tenantId' | '_id'>
  attempt: DeliveryAttempt
  state: DeliveryState
  tries: number
  nextAttemptAt: Date | null
}

const KEPT_ATTEMPTS = 20

/** Writes what became of attempts. @throws Outage */
export async function settleDeliveries({ raw }: Store, settled: readonly Settled[]): Promise<void> {
  const operations = settled.map(({ delivery: { tenantId, _id }, attempt, state, tries, nextAttemptAt }) => ({
    updateOne: {
      filter: { tenantId, _id },
      update: {
        $set: { state, tries, nextAttemptAt, deliveredAt: state === 'DELIVERED' ? attempt.at : null },
        $push: { attempts: { $each: [attempt], $slice: -KEPT_ATTEMPTS } },
      },
    },
  }))
  await orOutage(raw.eventDeliveries.bulkWrite(operations, { ordered: false }))
}

export type Standing = Pick<EventSubscriptionDoc, 'failingSince' | 'lastDeliveredAt' | 'lastProblem'>

/** Notes how an endpoint does. @throws Outage */
export async function noteStanding({ raw }: Store, { tenantId, _id }: Owner, standing: Partial<Standing>): Promise<void> {
  await orOutage(raw.eventSubscriptions.updateOne({ tenantId, _id }, { $set: standing }))
}

/**
 * Switches a subscription off, with its event and its entry in the audit log. What waits goes on waiting.
 * @returns the events to publish; none when somebody was first @throws Outage
 */
export async function disableSubscription(
  store: Store,
  owner: Owner,
  reason: Exclude<DisabledReason, 'user'>,
  now: Date,
): Promise<EventDoc[]> {
  const { tenantId, _id } = owner
  return await store.transaction(async session => {
    const $set = { status: 'DISABLED' as const, disabledReason: reason, disabledAt: now }
    const options = { session, returnDocument: 'after' as const }
    const after = await store.raw.eventSubscriptions.findOneAndUpdate(
      { tenantId, _id, status: 'ENABLED', deletedAt: null },
      { $set },
      options,
    )
    if (after === null) return []
    const events = [subscriptionStatus(newId(), after, now)]
    await insertEvents(store, events, session)
    const entry = {
      tenantId,
      actor: { kind: 'system' as const, id: null, name: null },
      action: 'subscriptions.disable',
      object: { kind: 'eventSubscription', id: String(_id) },
      changes: { status: { before: 'ENABLED', after: 'DISABLED' }, reason: { before: null, after: reason } },
      ip: null,
    }
    await audit(store, entry, { session, at: now })
    return events
  })
}

/** Deliveries that a step of a replay orders again. */
const REPLAYED = 500

/** Orders the next deliveries of a replay again. @returns how many; fewer than a page: all are ordered @throws Outage */
export async function replayDeliveries({ raw }: Store, subscription: EventSubscriptionDoc, now: Date): Promise<number> {
  const { replay } = subscription
  if (replay === null) return 0
  const { from, to, onlyFailed, requestedAt } = replay
  const filter = {
    ...ofSubscription(subscription),
    state: onlyFailed ? ('FAILED' as const) : { $in: ['DELIVERED', 'FAILED'] as const },
    at: { $gte: from, $lt: to },
    isTest: false,
    replayedAt: { $ne: requestedAt },
  }
  const rows = raw.eventDeliveries.find(filter as object, { projection: { _id: 1 } }).limit(REPLAYED)
  const ids = (await orOutage(rows.toArray())).map(({ _id }) => _id)
  if (ids.length === 0) return 0
  const $set = { state: 'PENDING' as const, tries: 0, nextAttemptAt: now, replayedAt: requestedAt, deliveredAt: null }
  await orOutage(raw.eventDeliveries.updateMany({ tenantId: subscription.tenantId, _id: { $in: ids } }, { $set }))
  return ids.length
}

/** Notes how far a replay is; `done` ends it. @throws Outage */
export async function noteReplay(
  { raw }: Store,
  { tenantId, _id, replay }: EventSubscriptionDoc,
  progress: { seq: number; count: number } | 'done',
): Promise<void> {
  if (replay === null) return
  const filter = { tenantId, _id, 'replay.requestedAt': replay.requestedAt }
  const set = progress === 'done' ? { replay: null } : { 'replay.seq': progress.seq, 'replay.count': progress.count }
  await orOutage(raw.eventSubscriptions.updateOne(filter, { $set: set }))
}

const ofSubscription = ({ tenantId, _id }: Owner) => ({ tenantId, subscriptionId: _id })

/** A new delivery of an event. @param body the JSON that is sent */
export function newDelivery(
  { tenantId, _id }: Owner,
  event: Pick<SequencedEvent, 'eventId' | 'seq' | 'conversationId' | 'at' | 'payload'>,
  { type, body }: { type: string; body: string },
  now: Date,
): EventDeliveryDoc {
  const { eventId, seq, conversationId, at, payload } = event
  return {
    _id: newId(),
    tenantId,
    subscriptionId: _id,
    eventId,
    type,
    seq,
    conversationId: conversationId === null ? null : toId(conversationId),
    orderingKey: conversationId ?? type,
    at: new Date(at),
    state: 'PENDING',
    isTest: false,
    isErasure: (payload.updates as { erased?: unknown } | undefined)?.erased === true,
    body,
    tries: 0,
    nextAttemptAt: now,
    attempts: [],
    deliveredAt: null,
    replayedAt: null,
    createdAt: now,
  }
}

/** Prefix of the positions of the operator's exchange among the counters; those of the event log begin with `events:`. */
const EXCHANGE = 'exchange:'

/** Tenants whose events are ahead of what the operator's exchange has got, with the position of it. @throws Outage */
export async function findBehindExchange({ raw }: Store): Promise<{ tenantId: string; seq: number }[]> {
  const rows = await orOutage(raw.counters.find({ _id: { $gt: 'events:', $lt: 'exchange;' } }).toArray())
  const positions = new Map(rows.map(({ _id, value }) => [_id, value]))
  return rows.flatMap(({ _id, value }) => {
    if (!_id.startsWith('events:')) return []
    const tenantId = _id.slice('events:'.length)
    const seq = positions.get(EXCHANGE + tenantId) ?? 0
    return value > seq ? [{ tenantId, seq }] : []
  })
}

/** Notes what the operator's exchange has got. @throws Outage */
export async function moveExchangePosition({ raw }: Store, tenantId: Id | string, seq: number): Promise<void> {
  await orOutage(raw.counters.updateOne({ _id: EXCHANGE + String(tenantId) }, { $max: { value: seq } }, { upsert: true }))
}

import { ApiError, notFound } from '../../domain/errors.ts'
import type { EventDoc, EventSubscriptionDoc, Id, SubscriptionReplay, SubscriptionSecret } from '../../model/documents.ts'
import { newId } from '../../model/ids.ts'
import { subscriptionStatus } from '../../views/events.ts'
import type { Store } from '../connect.ts'
import { insertEvents } from '../events/insert.ts'
import { latestSeq } from '../events/sequence.ts'
import type { Alongside, Session } from '../transaction.ts'

type Key = Id | string

export const MOST_SUBSCRIPTIONS = 20
/** Secrets of a subscription at the same time: the present one, and those that a rotation has replaced. */
const MOST_SECRETS = 5

/** Newest first; an account has a few. */
export async function listSubscriptions({ models }: Store, tenantId: Key): Promise<EventSubscriptionDoc[]> {
  return await models.eventSubscriptions.find({ tenantId, deletedAt: null }).sort({ createdAt: -1, _id: -1 }).lean()
}

/** @throws ApiError 404 */
export async function getSubscription({ models }: Store, tenantId: Key, id: Key): Promise<EventSubscriptionDoc> {
  const row = await models.eventSubscriptions.findOne({ tenantId, _id: id, deletedAt: null }).lean()
  if (row === null) throw missing()
  return row
}

export async function findSubscription({ models }: Store, tenantId: Key, id: Key): Promise<EventSubscriptionDoc | null> {
  return await models.eventSubscriptions.findOne({ tenantId, _id: id, deletedAt: null }).lean()
}

export interface SubscriptionChange {
  before: EventSubscriptionDoc | null
  after: EventSubscriptionDoc
  /** To be published. */
  events: EventDoc[]
}

export type NewSubscription = Pick<EventSubscriptionDoc, '_id' | 'tenantId' | 'name' | 'url' | 'types' | 'secrets' | 'createdBy'>

/**
 * Creates a subscription to what happens from now on.
 * @throws ApiError 422 SUBSCRIPTIONS_TOO_MANY
 */
export async function createSubscription(
  store: Store,
  fields: NewSubscription,
  now: Date,
  alongside: Alongside<SubscriptionChange>,
): Promise<SubscriptionChange> {
  const { eventSubscriptions } = store.models
  const own = { tenantId: fields.tenantId, deletedAt: null }
  if ((await eventSubscriptions.countDocuments(own, { limit: MOST_SUBSCRIPTIONS })) >= MOST_SUBSCRIPTIONS)
    throw new ApiError(422, 'SUBSCRIPTIONS_TOO_MANY', `An account can have at most ${MOST_SUBSCRIPTIONS} event subscriptions.`)
  const after: EventSubscriptionDoc = {
    ...fields,
    status: 'ENABLED',
    disabledReason: null,
    disabledAt: null,
    enabledAt: now,
    position: await latestSeq(store, String(fields.tenantId)),
    failingSince: null,
    lastDeliveredAt: null,
    lastProblem: null,
    wakes: 0,
    hasTests: false,
    replay: null,
    createdAt: now,
    updatedAt: now,
    updatedBy: null,
    deletedAt: null,
  }
  return await store.transaction(async session => {
    await eventSubscriptions.insertMany([after], { session })
    const done = { before: null, after, events: [subscriptionStatus(newId(), after, now)] }
    await insertEvents(store, done.events, session)
    await alongside(done, session)
    return done
  })
}

/**
 * Changes a subscription.
 * @param decide says what changes, or throws ApiError @throws ApiError 404, and what `decide` throws
 */
export async function changeSubscription(
  store: Store,
  { tenantId, id, by, now }: { tenantId: Key; id: Key; by: Id; now: Date },
  decide: (before: EventSubscriptionDoc) => Partial<EventSubscriptionDoc>,
  alongside: Alongside<SubscriptionChange>,
): Promise<SubscriptionChange> {
  const filter = { tenantId, _id: id, deletedAt: null }
  const { eventSubscriptions } = store.models
  return await store.transaction(async session => {
    const before = await eventSubscriptions.findOne(filter, null, { session }).lean()
    if (before === null) throw missing()
    const change = { $set: { ...decide(before), updatedBy: by }, $inc: { wakes: 1 } }
    const after = await eventSubscriptions.findOneAndUpdate(filter, change, { session, returnDocument: 'after' }).lean()
    if (after === null) throw missing()
    const done = { before, after, events: isShown(before, after) ? [subscriptionStatus(newId(), after, now)] : [] }
    await insertEvents(store, done.events, session)
    await alongside(done, session)
    return done
  })
}

/** Whether somebody who looks at the subscriptions sees a difference. */
const isShown = (before: EventSubscriptionDoc, after: EventSubscriptionDoc): boolean =>
  before.status !== after.status || before.name !== after.name || (before.deletedAt ?? null) !== (after.deletedAt ?? null)

/** What changes when a subscription is switched on again: what failed before counts no longer. */
export const enabledNow = (now: Date): Partial<EventSubscriptionDoc> => ({
  status: 'ENABLED',
  disabledReason: null,
  disabledAt: null,
  enabledAt: now,
  failingSince: null,
})

/** The secrets after a rotation. @param overlapMs for how long the others go on; 0: they end at once */
export function rotatedSecrets(
  before: readonly SubscriptionSecret[],
  fresh: SubscriptionSecret,
  overlapMs: number,
  now: Date,
): SubscriptionSecret[] {
  const end = new Date(now.getTime() + overlapMs)
  const others = before
    .filter(({ keyId }) => String(keyId) !== String(fresh.keyId))
    .map(secret => ({ ...secret, expiresAt: secret.expiresAt && secret.expiresAt < end ? secret.expiresAt : end }))
    .filter(({ expiresAt }) => expiresAt > now)
  return [fresh, ...others].slice(0, MOST_SECRETS)
}

/** @throws ApiError 409 REPLAY_RUNNING, SUBSCRIPTION_DISABLED */
export function orderedReplay(
  before: EventSubscriptionDoc,
  wanted: Pick<SubscriptionReplay, 'from' | 'to' | 'onlyFailed'>,
  now: Date,
): Partial<EventSubscriptionDoc> {
  requireEnabled(before)
  if (before.replay)
    throw new ApiError(409, 'REPLAY_RUNNING', 'Another replay of this subscription is under way. Wait until it has ended.')
  return { replay: { ...wanted, requestedAt: now, seq: 0, count: 0 } }
}

/** @throws ApiError 409 SUBSCRIPTION_DISABLED */
export function requireEnabled({ status }: Pick<EventSubscriptionDoc, 'status'>): void {
  if (status === 'ENABLED') return
  throw new ApiError(409, 'SUBSCRIPTION_DISABLED', 'The subscription is switched off. Switch it on first.')
}

/** Tells the process that delivers that deliveries of a subscription have changed. */
export async function wakeSubscription(
  { models }: Store,
  { tenantId, _id }: Pick<EventSubscriptionDoc, 'tenantId' | '_id'>,
  set: Partial<EventSubscriptionDoc> = {},
  session?: Session,
): Promise<void> {
  const options = { timestamps: false, ...(session && { session }) }
  await models.eventSubscriptions.updateOne({ tenantId, _id }, { $set: set, $inc: { wakes: 1 } }, options)
}

const missing = () => notFound('Event subscription')

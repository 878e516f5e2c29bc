import type { QueryFilter } from 'mongoose'
import { ApiError, notFound } from '../../domain/errors.ts'
import type { DeliveryState, EventDeliveryDoc, EventSubscriptionDoc, Id } from '../../model/documents.ts'
import { type Store, trusted } from '../connect.ts'
import { findPage, type Page, type PageRequest } from '../pages.ts'
import type { Alongside } from '../transaction.ts'
import { requireEnabled, wakeSubscription } from './subscriptions.ts'

type Key = Id | string

export interface DeliveryFilters {
  state?: DeliveryState | undefined
  type?: string | undefined
  /** Of the event; `to` is not included. */
  from?: Date | undefined
  to?: Date | undefined
}

/** Deliveries of a subscription, newest event first, without their bodies. */
export async function listDeliveries(
  { models }: Store,
  { tenantId, _id: subscriptionId }: Pick<EventSubscriptionDoc, 'tenantId' | '_id'>,
  { state, type, from, to }: DeliveryFilters,
  page: PageRequest,
): Promise<Page<EventDeliveryDoc>> {
  const at = { ...(from && { $gte: from }), ...(to && { $lt: to }) }
  const filter = {
    tenantId,
    subscriptionId,
    ...(state && { state }),
    ...(type && { type }),
    ...((from || to) && { at: trusted(at) }),
  } as QueryFilter<EventDeliveryDoc>
  return await findPage(models.eventDeliveries, filter, 'at', page, { projection: { body: 0 } })
}

/** @throws ApiError 404 */
export async function getDelivery({ models }: Store, tenantId: Key, id: Key): Promise<EventDeliveryDoc> {
  const row = await models.eventDeliveries.findOne({ tenantId, _id: id }).lean()
  if (row === null) throw notFound('Delivery')
  return row
}

/** Orders a test delivery, which is tried once, also of a subscription that is switched off. */
export async function orderTest(
  store: Store,
  subscription: EventSubscriptionDoc,
  delivery: EventDeliveryDoc,
  alongside: Alongside<EventDeliveryDoc>,
): Promise<EventDeliveryDoc> {
  return await store.transaction(async session => {
    await store.models.eventDeliveries.insertMany([delivery], { session })
    await wakeSubscription(store, subscription, { hasTests: true }, session)
    await alongside(delivery, session)
    return delivery
  })
}

/**
 * Orders a delivery again, whatever became of it, under the same id; one that waits for its next attempt goes at once.
 * @throws ApiError 404, 409 SUBSCRIPTION_DISABLED, NOT_REPLAYABLE for a test
 */
export async function orderAgain(
  store: Store,
  { tenantId, id, now }: { tenantId: Key; id: Key; now: Date },
  alongside: Alongside<EventDeliveryDoc>,
): Promise<EventDeliveryDoc> {
  const { eventDeliveries, eventSubscriptions } = store.models
  return await store.transaction(async session => {
    const before = await eventDeliveries.findOne({ tenantId, _id: id }, null, { session }).lean()
    if (before === null) throw notFound('Delivery')
    const owner = { tenantId, _id: before.subscriptionId, deletedAt: null }
    const subscription = await eventSubscriptions.findOne(owner, null, { session }).lean()
    if (subscription === null) throw notFound('Delivery')
    requireEnabled(subscription)
    if (before.isTest) throw new ApiError(409, 'NOT_REPLAYABLE', 'A test delivery is not repeated. Order another test.')
    const $set = { state: 'PENDING' as const, tries: 0, nextAttemptAt: now, replayedAt: now, deliveredAt: null }
    const after = await eventDeliveries
      .findOneAndUpdate({ tenantId, _id: id }, { $set }, { session, returnDocument: 'after' })
      .lean()
    if (after === null) throw notFound('Delivery')
    await wakeSubscription(store, subscription, {}, session)
    await alongside(after, session)
    return after
  })
}

import { notFound } from '../../domain/errors.ts'
import { PARKED } from '../../model/batch-plan.ts'
import type { Id, WebhookEventDoc, WebhookEventStatus } from '../../model/documents.ts'
import { type Store, trusted } from '../connect.ts'
import { findPage, type Page, type PageRequest } from '../pages.ts'
import { acrossTenants } from '../tenancy/tenancy.ts'
import type { Alongside } from '../transaction.ts'

/** Owner of webhook events: a tenant, or null for numbers without a tenant. The caller checks who may use null. */
export type EventOwner = Id | string | null

/** Filters of a list of webhook events; one that is missing is not applied. */
export interface WebhookEventFilters {
  status?: WebhookEventStatus | readonly WebhookEventStatus[] | undefined
  eventType?: WebhookEventDoc['eventType'] | undefined
  field?: string | undefined
  phoneNumberId?: string | undefined
  /** Time of arrival, inclusive. */
  from?: Date | undefined
  /** Time of arrival, exclusive. */
  to?: Date | undefined
}

/** Webhook events by time of arrival, newest first unless `ascending`. */
export async function listWebhookEvents(
  store: Store,
  owner: EventOwner,
  filters: WebhookEventFilters,
  page: PageRequest,
  options: { ascending?: boolean; projection?: Record<string, 0> } = {},
): Promise<Page<WebhookEventDoc>> {
  const { status, eventType, field, phoneNumberId, from, to } = filters
  const filter = {
    tenantId: owner,
    ...(status && { status: typeof status === 'string' ? status : trusted({ $in: [...status] }) }),
    ...(eventType && { eventType }),
    ...(field && { field }),
    ...(phoneNumberId && { phoneNumberId }),
    ...((from || to) && { receivedAt: trusted({ ...(from && { $gte: from }), ...(to && { $lt: to }) }) }),
  }
  return await within(owner, () => findPage<WebhookEventDoc>(store.models.webhookEvents, filter, 'receivedAt', page, options))
}

/** @throws ApiError 404 */
export async function getWebhookEvent(store: Store, owner: EventOwner, id: string): Promise<WebhookEventDoc> {
  const event = await within(owner, () => store.models.webhookEvents.findOne({ tenantId: owner, _id: id }).lean())
  if (event === null) throw notFound('Webhook event')
  return event as WebhookEventDoc
}

/**
 * Makes failed and ignored webhook events PENDING for a replay: the recorder skips settled ones. A parked event stays unchanged,
 * because the recorder processes it again each time it arrives.
 */
export async function reopenWebhookEvents(
  store: Store,
  owner: EventOwner,
  ids: readonly string[],
  alongside?: Alongside<null>,
): Promise<void> {
  const unsettled: WebhookEventStatus[] = ['FAILED', 'IGNORED']
  const isOpen = { status: trusted({ $in: unsettled }), reason: trusted({ $ne: PARKED }) }
  const filter = { tenantId: owner, _id: trusted({ $in: [...ids] }), ...isOpen }
  await store.transaction(async session => {
    await within(owner, () => store.models.webhookEvents.updateMany(filter, { $set: { status: 'PENDING' } }, { session }))
    await alongside?.(null, session)
  })
}

/** Restores the former status of webhook events that are still PENDING after a replay that was not published. */
export async function closeWebhookEvents(
  store: Store,
  owner: EventOwner,
  events: readonly WebhookEventDoc[],
  alongside?: Alongside<null>,
): Promise<void> {
  await store.transaction(async session => {
    for (const { _id, status } of events) {
      const filter = { tenantId: owner, _id, status: 'PENDING' as const }
      await within(owner, () => store.models.webhookEvents.updateOne(filter, { $set: { status } }, { session }))
    }
    await alongside?.(null, session)
  })
}

const within = <T>(owner: EventOwner, work: () => PromiseLike<T> | T): Promise<T> =>
  owner === null ? acrossTenants(work) : Promise.resolve(work())

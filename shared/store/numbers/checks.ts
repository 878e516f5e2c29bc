import type { QueryFilter } from 'mongoose'
import type { ClientDoc, NumberNotice } from '../../model/documents.ts'
import { type Store, trusted } from '../connect.ts'
import { acrossTenants } from '../tenancy/tenancy.ts'
import type { Alongside } from '../transaction.ts'
import { clientCacheOf } from './client-cache.ts'
import { forgetClient } from './clients.ts'
import { metaIdsOf } from './meta-ids.ts'

/** Queries of the background jobs that check the numbers of all tenants, the longest due first. */

/** Numbers whose token must be checked. */
export const findTokensDue = (store: Store, now: Date, limit: number): Promise<ClientDoc[]> =>
  findDueNumbers(store, { nextTokenCheckAt: notAfter(now) }, 'nextTokenCheckAt', limit)

/** Numbers whose fields must be read from Meta again. */
export const findHealthDue = (store: Store, now: Date, limit: number): Promise<ClientDoc[]> =>
  findDueNumbers(store, { nextHealthCheckAt: notAfter(now) }, 'nextHealthCheckAt', limit)

/** Statuses in which a number needs its token. */
const CHECKED_STATUSES: ClientDoc['status'][] = ['active', 'paused']

/** Condition for a time up to `now`, also when it is missing or null. */
const notAfter = (now: Date) => trusted({ $not: { $gt: now } })

function findDueNumbers(
  store: Store,
  due: QueryFilter<ClientDoc>,
  by: 'nextTokenCheckAt' | 'nextHealthCheckAt' | 'nextTemplateSyncAt',
  limit: number,
): Promise<ClientDoc[]> {
  const filter = { ...due, deletedAt: null, status: trusted({ $in: CHECKED_STATUSES }), accessToken: trusted({ $gt: '' }) }
  return acrossTenants(() =>
    store.models.clients
      .find(filter)
      .sort({ [by]: 1 })
      .limit(limit)
      .lean(),
  )
}

/**
 * Changes fields of which sockets need no event, such as the time of the next check. @returns false when `provided` is not met
 */
export async function updateClientWithoutEvent(
  store: Store,
  client: ClientDoc,
  changes: Partial<ClientDoc>,
  provided: object = {},
): Promise<boolean> {
  const { tenantId, _id } = client
  const { matchedCount } = await store.models.clients.updateOne({ tenantId, _id, ...provided }, { $set: changes })
  forgetClient(store, ...metaIdsOf(client))
  return matchedCount === 1
}

/** `updateClientWithoutEvent` with what belongs to the change, in one transaction. */
export async function updateClientAlongside(
  store: Store,
  client: ClientDoc,
  { changes, provided, alongside }: { changes: Partial<ClientDoc>; provided: object; alongside: Alongside<null> },
): Promise<boolean> {
  const { tenantId, _id } = client
  const isChanged = await store.transaction(async session => {
    const filter = { tenantId, _id, ...provided }
    const { matchedCount } = await store.models.clients.updateOne(filter, { $set: changes }, { session })
    if (matchedCount === 1) await alongside(null, session)
    return matchedCount === 1
  })
  forgetClient(store, ...metaIdsOf(client))
  return isChanged
}

const MAX_NOTICES = 20

/**
 * The change that adds a notice of the platform beside those of webhooks; a type has one notice. Every change of notices also
 * changes `lastEventAt`, and `provided` requires the one that was read, so that of two concurrent changes one is refused.
 */
export function noticeChange(client: ClientDoc, notice: NumberNotice): { changes: Partial<ClientDoc>; provided: object } {
  const others = (client.notices ?? []).filter(({ type }) => type !== notice.type)
  const notices = [notice, ...others].slice(0, MAX_NOTICES)
  return {
    changes: { notices, lastEventAt: { ...client.lastEventAt, [`notice:${notice.type}`]: notice.at } },
    provided: { lastEventAt: client.lastEventAt ?? null },
  }
}

/** Makes the next template sync of an account due now. */
export async function scheduleTemplateSync(
  store: Store,
  { tenantId, wabaId }: Pick<ClientDoc, 'tenantId' | 'wabaId'>,
): Promise<void> {
  await store.models.clients.updateMany({ tenantId, wabaId, deletedAt: null }, { $set: { nextTemplateSyncAt: null } })
  clientCacheOf(store).clear()
}

/** Numbers whose account's templates must be read from Meta again. */
export const findTemplateSyncsDue = (store: Store, now: Date, limit: number): Promise<ClientDoc[]> =>
  findDueNumbers(store, { nextTemplateSyncAt: notAfter(now) }, 'nextTemplateSyncAt', limit)

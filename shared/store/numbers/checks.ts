import type { QueryFilter } from 'mongoose'
import type { ClientDoc, NumberNotice } from '../../model/documents.ts'
import { type Store, trusted } from '../connect.ts'
import { acrossTenants } from '../tenancy/tenancy.ts'

/** The leader's work on numbers of every tenant, longest due first. */

/** Numbers with a token that is to be checked. */
export const findTokensDue = (store: Store, now: Date, limit: number): Promise<ClientDoc[]> =>
  findCared(store, { nextTokenCheckAt: notAfter(now) }, 'nextTokenCheckAt', limit)

/** Numbers whose fields are to be read anew. */
export const findHealthDue = (store: Store, now: Date, limit: number): Promise<ClientDoc[]> =>
  findCared(store, { nextHealthCheckAt: notAfter(now) }, 'nextHealthCheckAt', limit)

/** A token is of use to these alone. */
const CARED: ClientDoc['status'][] = ['active', 'paused']

/** Missing and null count as due. */
const notAfter = (now: Date) => trusted({ $not: { $gt: now } })

function findCared(
  store: Store,
  due: QueryFilter<ClientDoc>,
  by: 'nextTokenCheckAt' | 'nextHealthCheckAt' | 'nextTemplateSyncAt',
  limit: number,
): Promise<ClientDoc[]> {
  const filter = { ...due, deletedAt: null, status: trusted({ $in: CARED }), accessToken: trusted({ $gt: '' }) }
  return acrossTenants(() =>
    store.models.clients
      .find(filter)
      .sort({ [by]: 1 })
      .limit(limit)
      .lean(),
  )
}

/** What nobody needs to hear of, such as the time of the next check. @returns false when the number is not as `provided` */
export async function noteOnClient(
  store: Store,
  { tenantId, _id }: ClientDoc,
  changes: Partial<ClientDoc>,
  provided: object = {},
): Promise<boolean> {
  const { matchedCount } = await store.models.clients.updateOne({ tenantId, _id, ...provided }, { $set: changes })
  return matchedCount === 1
}

const MAX_NOTICES = 20

/**
 * A notice of our own beside those of webhooks, one of a type; whoever changes notices also changes `lastEventAt`, so that two
 * who do it at once notice each other.
 */
export function noticed(client: ClientDoc, notice: NumberNotice): { changes: Partial<ClientDoc>; provided: object } {
  const others = (client.notices ?? []).filter(({ type }) => type !== notice.type)
  const notices = [notice, ...others].slice(0, MAX_NOTICES)
  return {
    changes: { notices, lastEventAt: { ...client.lastEventAt, [`notice:${notice.type}`]: notice.at } },
    provided: { lastEventAt: client.lastEventAt ?? null },
  }
}

/** The templates of an account are read at the next chance. */
export async function syncTemplatesSoon(
  store: Store,
  { tenantId, wabaId }: Pick<ClientDoc, 'tenantId' | 'wabaId'>,
): Promise<void> {
  await store.models.clients.updateMany({ tenantId, wabaId, deletedAt: null }, { $set: { nextTemplateSyncAt: null } })
}

/** Numbers whose account's templates are to be read anew. */
export const findTemplateSyncsDue = (store: Store, now: Date, limit: number): Promise<ClientDoc[]> =>
  findCared(store, { nextTemplateSyncAt: notAfter(now) }, 'nextTemplateSyncAt', limit)

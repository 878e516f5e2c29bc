import type { ClientDoc, Id } from '../../model/documents.ts'
import { type Store, trusted } from '../connect.ts'
import { orOutage } from '../outage.ts'
import { acrossTenants } from '../tenancy/tenancy.ts'
import { readByMetaIds } from './meta-ids.ts'

/**
 * Numbers by the ids that they have or had at Meta, without a cache: the sender must notice a pause within a second. @throws Outage
 */
export async function findSendingNumbers(store: Store, phoneNumberIds: string[]): Promise<Map<string, ClientDoc>> {
  return await orOutage(readByMetaIds(store, phoneNumberIds))
}

/** The tenant's numbers that can send now. @throws Outage */
export async function findActiveNumbers(store: Store, tenantId: Id): Promise<ClientDoc[]> {
  return await orOutage(store.models.clients.find({ tenantId, status: 'active', deletedAt: null }).lean())
}

/** Numbers of all tenants that have a messaging limit. @throws Outage */
export async function findLimitedNumbers(store: Store): Promise<ClientDoc[]> {
  const filter = { messagingLimit: trusted({ $ne: null }), deletedAt: null }
  return await orOutage(acrossTenants(() => store.models.clients.find(filter).lean()))
}

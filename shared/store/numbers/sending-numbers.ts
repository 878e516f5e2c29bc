import type { ClientDoc, Id } from '../../model/documents.ts'
import { type Store, trusted } from '../connect.ts'
import { orOutage } from '../outage.ts'
import { acrossTenants } from '../tenancy/tenancy.ts'

/** Numbers by Meta's ids, without a cache: the sender must notice a pause within a second. @throws Outage */
export async function findSendingNumbers(store: Store, phoneNumberIds: string[]): Promise<ClientDoc[]> {
  const filter = { phoneNumberId: trusted({ $in: phoneNumberIds }), deletedAt: null }
  return await orOutage(acrossTenants(() => store.models.clients.find(filter).lean()))
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

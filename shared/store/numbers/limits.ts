import { notFound } from '../../domain/errors.ts'
import type { ClientDoc, Id, TenantDoc } from '../../model/documents.ts'
import { forgetTenant } from '../accounts/tenants.ts'
import type { Store } from '../connect.ts'
import type { Alongside } from '../transaction.ts'
import { forgetClient } from './clients.ts'

export interface TenantLimits {
  messagesPerMinute?: number | null | undefined
  messagesPerDay?: number | null | undefined
}

/**
 * Sets the given limits of a tenant; an undefined one stays. Senders apply them within seconds. @returns the tenant before the
 * change. @throws ApiError 404
 */
export async function setTenantLimits(
  store: Store,
  tenantId: Id | string,
  input: TenantLimits,
  by: Id,
  alongside?: Alongside<TenantDoc>,
): Promise<TenantDoc> {
  const given = Object.entries(input).filter(([, limit]) => limit !== undefined)
  const $set = { ...Object.fromEntries(given.map(([name, limit]) => [`limits.${name}`, limit])), updatedBy: by }
  const before = await store.transaction(async session => {
    const found = await store.models.tenants
      .findOneAndUpdate({ _id: tenantId, deletedAt: null }, { $set }, { session, returnDocument: 'before' })
      .lean()
    if (found === null) throw notFound('Tenant')
    await alongside?.(found, session)
    return found
  })
  forgetTenant(store, tenantId)
  return before
}

/**
 * Sets the maximum rate of a number. @param maxPerSecond null for Meta's own limit. @returns the number before the change.
 * @throws ApiError 404
 */
export async function setNumberRate(
  store: Store,
  { tenantId, clientId, maxPerSecond, by }: { tenantId: Id | string; clientId: string; maxPerSecond: number | null; by: Id },
  alongside?: Alongside<ClientDoc>,
): Promise<ClientDoc> {
  const before = await store.transaction(async session => {
    const found = await store.models.clients
      .findOneAndUpdate(
        { tenantId, _id: clientId, deletedAt: null },
        { $set: { maxPerSecond, updatedBy: by } },
        { session, returnDocument: 'before' },
      )
      .lean()
    if (found === null) throw notFound('Number')
    await alongside?.(found, session)
    return found
  })
  forgetClient(store, before.phoneNumberId)
  return before
}

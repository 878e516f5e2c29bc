import { type Limits, limitAboveCeiling } from '../../domain/accounts/send-limits.ts'
import { ApiError, notFound } from '../../domain/errors.ts'
import type { ClientDoc, Id, TenantDoc } from '../../model/documents.ts'
import { forgetTenant, limitsAfter } from '../accounts/tenants.ts'
import type { Store } from '../connect.ts'
import type { Alongside } from '../transaction.ts'
import { forgetClient } from './clients.ts'
import { metaIdsOf } from './meta-ids.ts'

/**
 * Sets the given limits that a tenant asks for; an undefined one stays. In force is what the platform allows of them: senders
 * apply it within seconds. @returns the tenant before the change. @throws ApiError 404, 422 LIMIT_ABOVE_CEILING
 */
export async function setTenantLimits(
  store: Store,
  tenantId: Id | string,
  input: Limits,
  by: Id,
  alongside?: Alongside<TenantDoc>,
): Promise<TenantDoc> {
  const filter = { _id: tenantId, deletedAt: null }
  const before = await store.transaction(async session => {
    const found = await store.models.tenants.findOne(filter, null, { session }).lean()
    if (found === null) throw notFound('Tenant')
    requireWithin(input, found)
    await store.models.tenants.updateOne(filter, { $set: { ...limitsAfter(found, input, {}), updatedBy: by } }, { session })
    await alongside?.(found, session)
    return found
  })
  forgetTenant(store, tenantId)
  return before
}

/** @throws ApiError 422 LIMIT_ABOVE_CEILING: a tenant may only tighten what the platform allows it */
export function requireWithin(input: Limits, { ceilings }: Pick<TenantDoc, 'ceilings'>): void {
  const excess = limitAboveCeiling(input, ceilings ?? {})
  if (excess === null) return
  const { field, ceiling } = excess
  const message = `The platform allows this account at most ${ceiling}.`
  throw new ApiError(422, 'LIMIT_ABOVE_CEILING', `${field}: ${message} Ask its operator for more.`, {
    errors: [{ path: field, message }],
  })
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
  forgetClient(store, ...metaIdsOf(before))
  return before
}

import { notFound } from '../../domain/errors.ts'
import type { Id, TenantDoc } from '../../model/documents.ts'
import type { Store } from '../connect.ts'
import { perStore } from '../per-store.ts'
import type { Alongside } from '../transaction.ts'
import { TtlCache } from '../ttl-cache.ts'

const KEPT_MS = 5000
const cacheOf = perStore(() => new TtlCache<string, TenantDoc>(10_000))

/** @throws ApiError 404 */
export async function getTenant(store: Store, tenantId: Id | string): Promise<TenantDoc> {
  const tenant = await store.models.tenants.findOne({ _id: tenantId, deletedAt: null }).lean()
  if (tenant === null) throw notFound('Tenant')
  return tenant
}

/** Ids of all tenants, deleted ones too. */
export async function listTenantIds(store: Store): Promise<Set<string>> {
  const ids = await store.models.tenants.distinct('_id')
  return new Set(ids.map(String))
}

/** A tenant with its settings and limits for hot paths, at most 5 s old. @throws ApiError 404 */
export async function getCachedTenant(store: Store, tenantId: Id | string): Promise<TenantDoc> {
  const cache = cacheOf(store)
  const kept = cache.get(String(tenantId))
  if (kept) return kept
  const tenant = await getTenant(store, tenantId)
  cache.set(String(tenantId), tenant, KEPT_MS)
  return tenant
}

/** Removes a tenant from the cache of this process, after a change. */
export function forgetTenant(store: Store, tenantId: Id | string): void {
  cacheOf(store).delete(String(tenantId))
}

/**
 * Changes the given settings and leaves the others. The change takes effect in this process at once, in others within 5 s.
 * @throws ApiError 404
 */
export async function changeSettings(
  store: Store,
  tenantId: Id | string,
  settings: Partial<TenantDoc['settings']>,
  by: Id,
  alongside?: Alongside<{ before: TenantDoc; after: TenantDoc }>,
): Promise<{ before: TenantDoc; after: TenantDoc }> {
  const fields = Object.entries(settings).map(([name, value]) => [`settings.${name}`, value])
  const set = { ...Object.fromEntries(fields), updatedBy: by }
  const { tenants } = store.models
  const done = await store.transaction(async session => {
    const before = await tenants.findOne({ _id: tenantId, deletedAt: null }, null, { session }).lean()
    const after = await tenants
      .findOneAndUpdate({ _id: tenantId, deletedAt: null }, { $set: set }, { session, returnDocument: 'after' })
      .lean()
    if (before === null || after === null) throw notFound('Tenant')
    await alongside?.({ before, after }, session)
    return { before, after }
  })
  forgetTenant(store, tenantId)
  return done
}

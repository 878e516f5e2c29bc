import { notFound } from '../domain/errors.ts'
import type { Store } from './connect.ts'
import type { Id, TenantDoc } from './documents.ts'
import { TtlCache } from './ttl-cache.ts'

const KEPT_MS = 5000
const caches = new WeakMap<Store, TtlCache<string, TenantDoc>>()

/** @throws ApiError 404 */
export async function getTenant(store: Store, tenantId: Id | string): Promise<TenantDoc> {
  const tenant = await store.models.tenants.findOne({ _id: tenantId, deletedAt: null }).lean()
  if (tenant === null) throw notFound('Tenant')
  return tenant
}

/** Settings and limits for hot paths: at most 5 s old. @throws ApiError 404 */
export async function getCachedTenant(store: Store, tenantId: Id | string): Promise<TenantDoc> {
  const cache = caches.get(store) ?? new TtlCache(10_000)
  caches.set(store, cache)
  const kept = cache.get(String(tenantId))
  if (kept) return kept
  const tenant = await getTenant(store, tenantId)
  cache.set(String(tenantId), tenant, KEPT_MS)
  return tenant
}

/** After a change of a tenant in this process. */
export function forgetTenant(store: Store, tenantId: Id | string): void {
  caches.get(store)?.delete(String(tenantId))
}

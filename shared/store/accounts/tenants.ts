import type { QueryFilter } from 'mongoose'
import { type Limits, limitsInForce } from '../../domain/accounts/send-limits.ts'
import { notFound } from '../../domain/errors.ts'
import type { Id, SendLimits, TenantDoc } from '../../model/documents.ts'
import { type Store, trusted } from '../connect.ts'
import { findPage, type Page, type PageRequest, searching } from '../pages.ts'
import { perStore } from '../per-store.ts'
import { searchPattern } from '../search.ts'
import type { Alongside, Session } from '../transaction.ts'
import { TtlCache } from '../ttl-cache.ts'

const KEPT_MS = 5000
const cacheOf = perStore(() => new TtlCache<string, TenantDoc>(10_000))

/** @throws ApiError 404 */
export async function getTenant(store: Store, tenantId: Id | string): Promise<TenantDoc> {
  const tenant = await findTenant(store, tenantId)
  if (tenant === null) throw notFound('Tenant')
  return tenant
}

/** The tenant with this id; null for an unknown one. */
export const findTenant = (store: Store, tenantId: Id | string): Promise<TenantDoc | null> =>
  store.models.tenants.findOne({ _id: tenantId, deletedAt: null }).lean()

/** Ids of all tenants, deleted ones too. */
export async function listTenantIds(store: Store): Promise<Set<string>> {
  const ids = await store.models.tenants.distinct('_id')
  return new Set(ids.map(String))
}

/** Names of tenants by id. */
export async function findTenantNames(store: Store, ids: readonly string[]): Promise<Map<string, string>> {
  const rows = await store.models.tenants.find({ _id: trusted({ $in: [...ids] }) }, { name: 1 }).lean()
  return new Map(rows.map(({ _id, name }) => [String(_id), name]))
}

/** The active tenant of an installation that has only one; null where there is none, or several. */
export async function findOnlyTenant(store: Store): Promise<Id | null> {
  const found = await store.models.tenants.find({ status: 'active', deletedAt: null }, { _id: 1 }).limit(2).lean()
  return found.length === 1 ? (found[0] as { _id: Id })._id : null
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

/** Whether a tenant exists and is neither suspended nor deactivated, as of 5 s ago at most. */
export async function isTenantActive(store: Store, tenantId: Id | string): Promise<boolean> {
  try {
    return (await getCachedTenant(store, tenantId)).status === 'active'
  } catch {
    return false
  }
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

/** The tenants of the platform, newest first. @param filter.only id of the only one to be seen; null for all */
export const listTenants = (
  store: Store,
  { status, q, only }: { status?: TenantDoc['status'] | undefined; q?: string | undefined; only: string | null },
  page: PageRequest,
): Promise<Page<TenantDoc>> => {
  const name = q === undefined ? {} : { name: trusted({ $regex: searchPattern(q), $options: 'i' }) }
  const filter = {
    deletedAt: null,
    ...(only !== null && { _id: only }),
    ...(status && { status }),
    ...name,
  } as QueryFilter<TenantDoc>
  return findPage(store.models.tenants, filter, 'createdAt', page, searching(q))
}

export type NewTenant = Pick<TenantDoc, 'name'> & {
  _id: Id
  createdBy: Id | null
  settings?: Partial<TenantDoc['settings']> | undefined
  ceilings?: SendLimits | undefined
}

/** Adds a tenant within a transaction; its limits are what the platform allows it. */
export async function insertTenant(store: Store, { ceilings, ...fields }: NewTenant, session: Session): Promise<TenantDoc> {
  const limited = ceilings ? { ...fields, ceilings, limits: ceilings } : fields
  const [row] = await store.models.tenants.create([limited as unknown as TenantDoc], { session })
  if (row === undefined) throw new Error('a tenant was not inserted')
  return row.toObject()
}

export interface ChangedTenant {
  before: TenantDoc
  after: TenantDoc
}

export type TenantChange = Partial<Pick<TenantDoc, 'name' | 'status' | 'deactivatedAt'>> & { ceilings?: Limits }

/**
 * Changes name, status or ceilings of a tenant; the limits in force follow from the ceilings.
 * @param decide says what changes, or throws ApiError @throws ApiError 404, and what `decide` throws
 */
export async function changeTenant(
  store: Store,
  tenantId: Id | string,
  decide: (before: TenantDoc) => TenantChange,
  by: Id,
  alongside?: Alongside<ChangedTenant>,
): Promise<ChangedTenant> {
  const filter = { _id: tenantId, deletedAt: null }
  const done = await store.transaction(async session => {
    const before = await store.models.tenants.findOne(filter, null, { session }).lean()
    if (before === null) throw notFound('Tenant')
    const { ceilings, ...change } = decide(before)
    const $set = { ...change, ...(ceilings && limitsAfter(before, {}, ceilings)), updatedBy: by }
    const options = { session, returnDocument: 'after' } as const
    const after = await store.models.tenants.findOneAndUpdate(filter, { $set }, options).lean()
    if (after === null) throw notFound('Tenant')
    await alongside?.({ before, after }, session)
    return { before, after }
  })
  forgetTenant(store, tenantId)
  return done
}

/** The fields of a tenant's limits after it or the platform has set some; undefined members keep their value. */
export function limitsAfter(
  { limits, ownLimits, ceilings }: Pick<TenantDoc, 'limits' | 'ownLimits' | 'ceilings'>,
  own: Limits,
  platform: Limits,
): Required<Pick<TenantDoc, 'limits' | 'ownLimits' | 'ceilings'>> {
  const none = { messagesPerMinute: null, messagesPerDay: null }
  const wanted = { ...none, ...(ownLimits ?? (ceilings ? none : limits)), ...given(own) }
  const allowed = { ...none, ...ceilings, ...given(platform) }
  return { limits: limitsInForce(wanted, allowed), ownLimits: wanted, ceilings: allowed }
}

const given = (limits: Limits): Partial<SendLimits> =>
  Object.fromEntries(Object.entries(limits).filter(([, limit]) => limit !== undefined))

/** Writes the tenant's row, which two transactions cannot do at the same time: one of them waits, and sees what the other did. */
export async function takeTurn({ models }: Store, tenantId: Id, session: Session): Promise<void> {
  await models.tenants.updateOne({ _id: tenantId }, { $set: { updatedAt: new Date() } }, { session })
}

import type { AnalyticsStateDoc, Id, TenantDoc } from '../../model/documents.ts'
import { type Store, trusted } from '../connect.ts'
import { orOutage } from '../outage.ts'

/** How far a tenant's counters have come; null before they are begun. */
export const findAnalyticsState = (store: Store, tenantId: Id | string): Promise<AnalyticsStateDoc | null> =>
  orOutage(store.models.analyticsStates.findOne({ tenantId, _id: tenantId }).lean())

/** A tenant, as the jobs of the counters see it. */
export type AnalyticsTenant = Pick<TenantDoc, '_id' | 'settings' | 'spendStop'>

/** Tenants whose messages are counted. @throws Outage */
export async function listAnalyticsTenants(store: Store): Promise<AnalyticsTenant[]> {
  const filter = { status: trusted({ $ne: 'deactivated' as const }), deletedAt: null }
  const projection = {
    'settings.timezone': 1,
    'settings.currency': 1,
    'settings.metaRates.currency': 1,
    'settings.spendCeiling': 1,
    spendStop: 1,
  }
  return await orOutage(store.models.tenants.find(filter, projection).sort({ _id: 1 }).lean<AnalyticsTenant[]>())
}

/** States of many tenants in one query, by the tenant's id. @throws Outage */
export async function findAnalyticsStates(store: Store, tenantIds: readonly Id[]): Promise<Map<string, AnalyticsStateDoc>> {
  const filter = { _id: { $in: [...tenantIds] }, tenantId: { $in: [...tenantIds] } }
  const rows = await orOutage(store.raw.analyticsStates.find(filter).toArray())
  return new Map(rows.map(row => [String(row._id), row]))
}

/**
 * Lets the counters of a tenant be built anew from its messages: at first, when days begin at another time, and after more time
 * than events are kept. What is shown stays until the new ones are complete. @throws Outage
 */
export async function beginRebuild(store: Store, tenantId: Id, timezone: string, cursor: number): Promise<AnalyticsStateDoc> {
  const fresh = { tenantId, generation: 0, cursor, countedAt: null, timezone, months: {} }
  const before = await orOutage(
    store.raw.analyticsStates.findOneAndUpdate(
      { _id: tenantId, tenantId },
      { $setOnInsert: { ...fresh, rebuild: null } },
      { upsert: true, returnDocument: 'after' },
    ),
  )
  const last = Math.max(before?.generation ?? 0, before?.rebuild?.generation ?? 0)
  const rebuild = { generation: last + 1, cursor, timezone, months: {}, after: null }
  const after = await orOutage(
    store.raw.analyticsStates.findOneAndUpdate({ _id: tenantId, tenantId }, { $set: { rebuild } }, { returnDocument: 'after' }),
  )
  if (after === null) throw new Error('the state of the counters is gone')
  return after
}

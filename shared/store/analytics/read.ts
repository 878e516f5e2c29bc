import type { PipelineStage } from 'mongoose'
import type { Cell } from '../../domain/analytics/contribution.ts'
import type { Id } from '../../model/documents.ts'
import { toId } from '../../model/ids.ts'
import type { Store } from '../connect.ts'
import { orOutage } from '../outage.ts'

/** Days are calendar days of the tenant; both are included. */
export interface AnalyticsRange {
  from: string
  to: string
}

/** Narrows a report down; what is absent does not matter. */
export type AnalyticsFilter = Partial<Pick<Cell, 'clientId' | 'template' | 'agentId' | 'origin' | 'category' | 'country'>>

/** A field of a cell by which a report is divided. */
export type Division = keyof Cell

/** Whose counters are read. */
export interface Counters {
  tenantId: Id | string
  generation: number
}

/** Most rows of a report. */
export const MOST_ROWS = 2000

/**
 * Sums of one group of counters by the values of some fields, for example of `status` by `day`. Reads the cells of the days, never
 * messages. @throws Outage
 */
export async function sumCounters(
  store: Store,
  { tenantId, generation }: Counters,
  { from, to }: AnalyticsRange,
  { kind, group, by, filter }: { kind?: Cell['kind']; group: string; by: readonly Division[]; filter: AnalyticsFilter },
): Promise<{ key: Partial<Record<Division, string | null>>; name: string; value: number }[]> {
  const id = Object.fromEntries(by.map(field => [field, `$${field}`]))
  const stages: PipelineStage[] = [
    { $match: { tenantId: toId(tenantId), generation, day: { $gte: from, $lte: to }, ...(kind && { kind }), ...filter } },
    { $project: { ...Object.fromEntries(by.map(field => [field, 1])), pairs: { $objectToArray: `$counts.${group}` } } },
    { $unwind: '$pairs' },
    { $group: { _id: { key: id, name: '$pairs.k' }, value: { $sum: '$pairs.v' } } },
    { $match: { value: { $ne: 0 } } },
  ]
  const rows = await orOutage(store.models.analyticsCells.aggregate(stages).hint('tenant_day'))
  return rows.map(({ _id, value }) => ({ key: _id.key, name: _id.name, value }))
}

/**
 * Sums of one group of counters for every tenant, for the platform. The tenants are in the filter.
 * @param generations generation of the counters of each tenant, by its id @throws Outage
 */
export async function sumByTenant(
  store: Store,
  generations: ReadonlyMap<string, number>,
  { from, to }: AnalyticsRange,
  { kind, group }: { kind: Cell['kind']; group: string },
): Promise<{ tenantId: string; name: string; value: number }[]> {
  const tenantId = { $in: [...generations.keys()].map(toId) }
  const rows = store.raw.analyticsCells.aggregate<{ _id: { tenantId: Id; generation: number; name: string }; value: number }>([
    { $match: { tenantId, day: { $gte: from, $lte: to }, kind } },
    { $project: { tenantId: 1, generation: 1, pairs: { $objectToArray: `$counts.${group}` } } },
    { $unwind: '$pairs' },
    { $group: { _id: { tenantId: '$tenantId', generation: '$generation', name: '$pairs.k' }, value: { $sum: '$pairs.v' } } },
  ])
  return (await orOutage(rows.toArray()))
    .filter(({ _id, value }) => value !== 0 && generations.get(String(_id.tenantId)) === _id.generation)
    .map(({ _id, value }) => ({ tenantId: String(_id.tenantId), name: _id.name, value }))
}

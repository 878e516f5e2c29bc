import type { Id } from '../../model/documents.ts'
import { isAcrossTenants, tenantFor, toTenantId, UnscopedQuery } from './context.ts'

type Fields = Record<string, unknown>

/** Collections of the platform: their documents have no `tenantId`. */
const PLATFORM_COLLECTIONS = new Set(['tenants', 'counters', 'leases', 'parkedItems', 'serviceReports'])
const WRITING_STAGES = ['$merge', '$out']
/** Stages that read server state or must be the first one, so that no `$match` can precede them. */
const UNSCOPABLE_STAGES = [
  '$geoNear',
  '$search',
  '$searchMeta',
  '$vectorSearch',
  '$changeStream',
  '$collStats',
  '$indexStats',
  '$planCacheStats',
  '$documents',
]

/** Sets the tenant of a filter, in place. @throws UnscopedQuery */
export function scopeFilter(what: string, filter: Fields): void {
  if (isAcrossTenants()) return
  filter.tenantId = tenantFor(what, filter.tenantId)
}

/** Sets the tenant of a document to be written, in place: its own, else the one of the context. @throws UnscopedQuery */
export function scopeDocument(what: string, document: Fields): void {
  if (isAcrossTenants()) return
  document.tenantId = tenantFor(what, document.tenantId ?? undefined)
}

/** Refuses an update that moves a document to another tenant. @throws UnscopedQuery */
export function checkUpdate(what: string, update: unknown, tenantId: unknown): void {
  if (isAcrossTenants() || update === null || typeof update !== 'object') return
  const parts = Array.isArray(update) ? update : [update]
  for (const part of parts as Fields[]) {
    if ('$replaceWith' in part || '$replaceRoot' in part || '$project' in part)
      throw new UnscopedQuery(`${what} replaces whole documents`)
    for (const [key, value] of Object.entries(part)) {
      if (key === 'tenantId') checkValue(what, value, tenantId)
      else if (key === '$unset' && [value].flat().includes('tenantId')) throw moved(what)
      else if (key === '$rename' && Object.values(value as Fields).includes('tenantId')) throw moved(what)
      else if (key.startsWith('$') && isFields(value) && 'tenantId' in value) {
        if (key !== '$set' && key !== '$setOnInsert') throw moved(what)
        checkValue(what, value.tenantId, tenantId)
      }
    }
  }
}

/**
 * The pipeline with the tenant's `$match` first, also inside `$lookup`, `$unionWith`, `$facet` and `$graphLookup`.
 * @throws UnscopedQuery, also for stages that write or cannot be scoped
 */
export function scopePipeline(what: string, pipeline: Fields[]): Fields[] {
  for (const stage of pipeline) refuseStages(what, stage, WRITING_STAGES)
  if (isAcrossTenants()) return pipeline
  const first = pipeline[0]?.$match
  const own = isFields(first) ? { ...first } : {}
  const tenantId = tenantFor(what, own.tenantId)
  const rest = isFields(first) ? pipeline.slice(1) : pipeline
  return [{ $match: { ...own, tenantId } }, ...rest.map(stage => scopeStage(what, stage, tenantId))]
}

function scopeStage(what: string, stage: Fields, tenantId: Id): Fields {
  refuseStages(what, stage, WRITING_STAGES)
  refuseStages(what, stage, UNSCOPABLE_STAGES)
  if (isFields(stage.$facet)) return { $facet: mapValues(stage.$facet, inner => scopeStages(what, inner, tenantId)) }
  if (isFields(stage.$lookup)) return { $lookup: scopeJoin(what, stage.$lookup, stage.$lookup.from, tenantId) }
  if (stage.$unionWith !== undefined) {
    const union = isFields(stage.$unionWith) ? stage.$unionWith : { coll: stage.$unionWith }
    return { $unionWith: scopeJoin(what, union, union.coll, tenantId) }
  }
  if (isFields(stage.$graphLookup)) {
    const { from, restrictSearchWithMatch, ...rest } = stage.$graphLookup
    const own = ownMatch(what, from, tenantId)
    return { $graphLookup: { from, ...rest, restrictSearchWithMatch: { $and: [own, restrictSearchWithMatch ?? {}] } } }
  }
  return stage
}

function scopeJoin(what: string, join: Fields, from: unknown, tenantId: Id): Fields {
  const inner = scopeStages(what, join.pipeline ?? [], tenantId)
  return { ...join, pipeline: [{ $match: ownMatch(what, from, tenantId) }, ...inner] }
}

function scopeStages(what: string, stages: unknown, tenantId: Id): Fields[] {
  if (!Array.isArray(stages)) throw new UnscopedQuery(`${what}: a pipeline is not a list`)
  return stages.map(stage => scopeStage(what, stage as Fields, tenantId))
}

/**
 * The filter of a joined collection: the tenant's rows, or in `tenants` the tenant itself. @throws UnscopedQuery for platform
 * collections
 */
function ownMatch(what: string, from: unknown, tenantId: Id): Fields {
  if (from === 'tenants') return { _id: tenantId }
  if (typeof from !== 'string' || PLATFORM_COLLECTIONS.has(from))
    throw new UnscopedQuery(`${what} joins a collection of the platform`)
  return { tenantId }
}

function refuseStages(what: string, stage: Fields, names: string[]): void {
  const found = names.find(name => name in stage)
  if (found) throw new UnscopedQuery(`${what} uses ${found}`)
  if (isFields(stage.$facet)) {
    for (const inner of Object.values(stage.$facet).flat()) refuseStages(what, inner as Fields, names)
  }
}

function checkValue(what: string, value: unknown, tenantId: unknown): void {
  if (!toTenantId(value).equals(toTenantId(tenantId))) throw moved(what)
}

const moved = (what: string) => new UnscopedQuery(`${what} changes the tenant of a document`)
const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value)
const mapValues = (fields: Fields, change: (value: unknown) => unknown): Fields =>
  Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, change(value)]))

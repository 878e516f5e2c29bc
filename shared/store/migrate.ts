import type { mongo } from 'mongoose'
import type { Store } from './connect.ts'
import { ensureDefaultPipeline } from './contacts/pipelines.ts'
import { COLLECTIONS, type CollectionName } from './models.ts'
import { acrossTenants } from './tenancy/tenancy.ts'

interface WantedIndex {
  key: Record<string, unknown>
  name: string
  [option: string]: unknown
}

/** Options that are compared to see whether an index changed. Others, such as versions and weights, are added by the server. */
const COMPARED = ['unique', 'partialFilterExpression', 'expireAfterSeconds'] as const

/**
 * Creates missing collections (a transaction cannot), missing indexes, and each tenant's default pipeline. Idempotent, safe to
 * run from several processes at once, and only a few reads when nothing changed. An index whose definition changed is dropped and
 * rebuilt; indexes that the schemas do not define are left as they are.
 */
export async function migrate(store: Store): Promise<void> {
  const db = store.connection.db as mongo.Db
  const existing = new Set((await db.listCollections({}, { nameOnly: true }).toArray()).map(({ name }) => name))
  await Promise.all(COLLECTIONS.map(name => migrateCollection(store, db, name, existing.has(name))))
  await ensurePipelines(store)
}

async function migrateCollection(store: Store, db: mongo.Db, name: CollectionName, exists: boolean): Promise<void> {
  if (!exists) await db.createCollection(name).catch(unlessCode(NAMESPACE_EXISTS))
  const wanted = wantedIndexes(store, name)
  const present = new Map((await db.collection(name).indexes()).map(index => [index.name, index]))
  const changed = wanted.filter(index => present.has(index.name) && differs(index, present.get(index.name) as WantedIndex))
  for (const index of changed) await db.collection(name).dropIndex(index.name).catch(unlessCode(INDEX_NOT_FOUND))
  const missing = wanted.filter(index => !present.has(index.name) || changed.includes(index))
  if (missing.length > 0) await db.collection(name).createIndexes(missing as unknown as mongo.IndexDescription[])
}

function wantedIndexes(store: Store, name: CollectionName): WantedIndex[] {
  return store.models[name].schema
    .indexes()
    .map(([key, { background: _, ...options }]) => ({ ...options, key }) as unknown as WantedIndex)
}

function differs(wanted: WantedIndex, present: WantedIndex): boolean {
  if ('textIndexVersion' in present) return false
  if (JSON.stringify(wanted.key) !== JSON.stringify(present.key)) return true
  return COMPARED.some(option => JSON.stringify(wanted[option] ?? null) !== JSON.stringify(present[option] ?? null))
}

async function ensurePipelines(store: Store): Promise<void> {
  const { pipelines, tenants } = store.models
  const tenantIds = await acrossTenants(() => pipelines.distinct('tenantId', { isDefault: true }))
  const withPipeline = new Set(tenantIds.map(String))
  const all = await tenants.find({}, { _id: 1 }).lean()
  for (const tenant of all) if (!withPipeline.has(String(tenant._id))) await ensureDefaultPipeline(store, tenant._id)
}

const NAMESPACE_EXISTS = 48
const INDEX_NOT_FOUND = 27

const unlessCode = (allowed: number) => (error: unknown) => {
  if ((error as { code?: unknown }).code !== allowed) throw error
  return undefined
}

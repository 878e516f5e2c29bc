import type { mongo } from 'mongoose'
import { connectStore, type Store, type StoreOptions } from './connect.ts'
import { ensureDefaultPipeline } from './contacts/pipelines.ts'
import { fillKeys } from './fill-keys.ts'
import { withLease } from './leases.ts'
import { COLLECTIONS, type CollectionName } from './models.ts'
import { FORMER_INDEXES, type IndexDefinition } from './schemas/former-indexes.ts'
import { acrossTenants } from './tenancy/tenancy.ts'

/** Options that are compared to see whether an index changed. Others, such as versions and weights, are added by the server. */
const COMPARED = ['unique', 'partialFilterExpression', 'expireAfterSeconds'] as const

/** One process migrates at a time. A crashed one is waited for no longer than this. */
const LEASE = { name: 'migrate', ttlMs: 15_000 }

/** Longest wait for an answer (ms): an index of millions of rows takes minutes to build. */
const LONGEST_MS = 6 * 3_600_000

/** Connects, and migrates before anything else is done. @throws Outage, and what a migration throws */
export async function connectMigrated(uri: string, options: StoreOptions = {}): Promise<Store> {
  await using opening = new AsyncDisposableStack()
  const store = opening.use(await connectStore(uri, { ...options, answerTimeoutMs: LONGEST_MS }))
  await migrate(store)
  opening.move()
  return store
}

/**
 * Creates missing collections (a transaction cannot), missing indexes, each tenant's default pipeline, and the search words of rows
 * that have none. Then it drops what earlier versions left (`dropFormer`). Idempotent, a few statements when nothing changed; several
 * processes work one after the other. What an index guarantees holds while it is replaced (`replaceChanged`). Indexes that neither a
 * schema nor `FORMER_INDEXES` defines are left as they are.
 */
export async function migrate(store: Store): Promise<void> {
  await withLease(store, LEASE, () => migrateAll(store))
}

async function migrateAll(store: Store): Promise<void> {
  const db = store.connection.db as mongo.Db
  const existing = new Set((await db.listCollections({}, { nameOnly: true }).toArray()).map(({ name }) => name))
  await Promise.all(COLLECTIONS.map(name => migrateCollection(store, db, name, existing.has(name))))
  await ensurePipelines(store)
  await fillKeys(store)
  await dropFormer(db)
}

async function migrateCollection(store: Store, db: mongo.Db, name: CollectionName, exists: boolean): Promise<void> {
  if (!exists) await db.createCollection(name).catch(unlessCode(NAMESPACE_EXISTS))
  const wanted = wantedIndexes(store, name)
  const present = new Map((await db.collection(name).indexes()).map(index => [index.name ?? '', index as IndexDefinition]))
  await replaceChanged(db, name, wanted, present)
  const missing = wanted.filter(index => !present.has(index.name))
  if (missing.length > 0) await createIndexes(db, name, missing)
  for (const old of [...present.keys()].filter(isStandIn)) await dropIndex(db, name, old)
}

/**
 * Makes way for indexes whose definition changed. A change of the lifetime alone changes the index in place. Otherwise a stand-in
 * is built first and the old index is dropped then; the new one takes the old one's name, which statements hint, and the stand-in
 * goes last. So no duplicate gets in between. `present` is left as the collection is then.
 */
async function replaceChanged(
  db: mongo.Db,
  name: CollectionName,
  wanted: readonly IndexDefinition[],
  present: Map<string, IndexDefinition>,
): Promise<void> {
  for (const index of wanted) {
    const before = present.get(index.name)
    if (before === undefined || !differs(index, before)) continue
    const { expireAfterSeconds } = index
    if (typeof expireAfterSeconds === 'number' && !differs({ ...before, expireAfterSeconds }, index)) {
      await db.command({ collMod: name, index: { name: index.name, expireAfterSeconds } })
      continue
    }
    const standIn = standInOf(index)
    if (standIn !== null && !present.has(standIn.name)) {
      await createIndexes(db, name, [standIn])
      present.set(standIn.name, standIn)
    }
    await dropIndex(db, name, index.name)
    present.delete(index.name)
  }
}

const STAND_IN = '.stand-in'
const isStandIn = (name: string) => name.endsWith(STAND_IN)

/**
 * An index that serves as well as the given one and may exist beside it: MongoDB refuses two of the same key and filter. A unique
 * one covers the same rows by a filter that every row meets besides, any other one has a longer key. Null where neither works.
 */
function standInOf(index: IndexDefinition): IndexDefinition | null {
  const name = `${index.name}${STAND_IN}`
  const { expireAfterSeconds: _, ...own } = index
  if (index.unique) {
    const every = { _id: { $exists: true } }
    const { partialFilterExpression: filter } = index
    return { ...own, name, partialFilterExpression: filter ? { $and: [filter, every] } : every }
  }
  return '_id' in index.key || Object.values(index.key).some(kind => typeof kind === 'string')
    ? null
    : { ...own, name, key: { ...index.key, _id: 1 } }
}

/** Drops indexes of earlier versions. It comes last: what statements ask instead is built and filled by then. */
async function dropFormer(db: mongo.Db): Promise<void> {
  for (const [name, formers] of Map.groupBy(FORMER_INDEXES, ({ on }) => on)) {
    const present = (await db.collection(name).indexes()) as IndexDefinition[]
    const isFormer = (one: IndexDefinition) => formers.some(({ index }) => index.name === one.name && !differs(index, one))
    for (const one of present.filter(isFormer)) await dropIndex(db, name, one.name)
  }
}

const createIndexes = (db: mongo.Db, name: CollectionName, indexes: IndexDefinition[]) =>
  db.collection(name).createIndexes(indexes as unknown as mongo.IndexDescription[])

const dropIndex = (db: mongo.Db, name: CollectionName, index: string) =>
  db.collection(name).dropIndex(index).catch(unlessCode(INDEX_NOT_FOUND))

function wantedIndexes(store: Store, name: CollectionName): IndexDefinition[] {
  return store.models[name].schema
    .indexes()
    .map(([key, { background: _, ...options }]) => ({ ...options, key }) as unknown as IndexDefinition)
}

function differs(wanted: IndexDefinition, present: IndexDefinition): boolean {
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

import type { mongo } from 'mongoose'
import { type Searched, searchKeys } from '../domain/contacts/search-keys.ts'
import type { Id } from '../model/documents.ts'
import type { Store } from './connect.ts'

const BATCH = 1000

/** Fields of a row of contacts, conversations or leads that its keys are made of. */
type Row = Searched & { _id: Id; contact?: Searched; candidateName?: string | null; deletedAt?: Date | null }
interface Kind {
  name: 'contacts' | 'conversations' | 'leads'
  keys: 'keys' | 'contact.keys'
  /** What the keys are made of. A row in which it changes while its keys are written is left for the next run. */
  from: readonly string[]
  keysOf(row: Row): string[]
}
const PERSON = ['name', 'username', 'phone', 'waId'] as const
const KINDS: readonly Kind[] = [
  { name: 'contacts', keys: 'keys', from: [...PERSON, 'deletedAt'], keysOf: row => searchKeys(row) },
  { name: 'leads', keys: 'keys', from: ['name', 'phone', 'deletedAt'], keysOf: row => searchKeys(row) },
  {
    name: 'conversations',
    keys: 'contact.keys',
    from: [...PERSON.map(field => `contact.${field}`), 'candidateName', 'deletedAt'],
    keysOf: ({ contact, candidateName }) => searchKeys(contact ?? {}, candidateName),
  },
]

/**
 * Gives people in rows of before the words by which a search finds them (`searchKeys`). Repeatable: it takes the rows that have none,
 * also those that a process of the version before has written since.
 */
export async function fillKeys(store: Store): Promise<void> {
  const tenants = await store.raw.tenants.find({}, { projection: { _id: 1 } }).toArray()
  for (const kind of KINDS) for (const { _id } of tenants) await fillTenant(store, kind, _id)
}

async function fillTenant({ raw }: Store, kind: Kind, tenantId: Id): Promise<void> {
  const collection = raw[kind.name] as unknown as mongo.Collection<Row>
  const projection = Object.fromEntries(kind.from.map(field => [field, 1 as const]))
  const missing = collection.find({ tenantId, [kind.keys]: null } as object, { projection, hint: 'tenant_keys' }).batchSize(BATCH)
  let rows: Row[] = []
  for await (const row of missing) {
    rows.push(row as Row)
    if (rows.length === BATCH) {
      await fillRows(collection, kind, tenantId, rows)
      rows = []
    }
  }
  await fillRows(collection, kind, tenantId, rows)
}

async function fillRows(collection: mongo.Collection<Row>, kind: Kind, tenantId: Id, rows: readonly Row[]): Promise<void> {
  if (rows.length === 0) return
  const writes = rows.map(row => {
    const unchanged = Object.fromEntries(kind.from.map(field => [field, fieldOf(row, field)]))
    const keys = row.deletedAt ? [] : kind.keysOf(row)
    const filter = { _id: row._id, tenantId, ...unchanged, [kind.keys]: null }
    return { updateOne: { filter, update: { $set: { [kind.keys]: keys } } } }
  })
  await collection.bulkWrite(writes as unknown as mongo.AnyBulkWriteOperation<Row>[], { ordered: false })
}

function fieldOf(row: Row, field: string): unknown {
  const [outer, inner] = field.split('.') as [string, string | undefined]
  const value = row[outer as 'contact'] as Record<string, unknown> | undefined
  return (inner === undefined ? value : value?.[inner]) ?? null
}

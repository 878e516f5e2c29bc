import { mongo } from 'mongoose'
import type { Store } from '#shared/store/connect.ts'
import type { Turn } from '../measure/figures.ts'
import { untilCounted } from '../measure/patience.ts'

type Document = mongo.Document
/** What the product wrote, by collection, as the change stream reported it. */
export type Written = Map<string, { inserts: Document[]; updates: { _id: unknown; set: Document }[] }>

export const BATCH = 200
const DURABLE = { ordered: false, writeConcern: { w: 'majority' as const, j: true } }
/** What the messages and events of the recorder stand beside: updated by it, so there before. */
const STANDING = ['tenants', 'clients', 'contacts', 'conversations', 'leads'] as const

const dbOf = (store: Store) => store.connection.db as mongo.Db

/** Listens to every write of the database, for counting and for writing the same again. */
export async function watchWrites(store: Store) {
  const stream = dbOf(store).watch()
  const written: Written = new Map()
  let messages = 0
  stream.on('change', change => {
    if (change.operationType !== 'insert' && change.operationType !== 'update') return
    const { coll } = change.ns
    const own = written.get(coll) ?? { inserts: [], updates: [] }
    written.set(coll, own)
    if (change.operationType === 'insert') own.inserts.push(change.fullDocument)
    else own.updates.push({ _id: change.documentKey._id, set: change.updateDescription.updatedFields ?? {} })
    if (coll === 'messages' && change.operationType === 'insert') messages++
  })
  // The stream opens with its first read: a mark that we write shows that it listens.
  const marks = dbOf(store).collection('benchMarks')
  while (!written.has('benchMarks')) {
    await marks.insertOne({})
    await new Promise(resolve => setTimeout(resolve, 50))
  }
  return {
    /** Resolves once `expected` messages and everything written after them have been reported. */
    async stop(expected: number): Promise<Written> {
      const end = new mongo.ObjectId()
      await marks.insertOne({ _id: end })
      const hasEnded = () => written.get('benchMarks')?.inserts.some(({ _id }) => end.equals(_id))
      await untilCounted({ what: 'messages in the change stream', goal: expected }, () => (hasEnded() ? messages : 0))
      await stream.close()
      for (const name of ['benchMarks', 'leases', 'counters']) written.delete(name)
      return written
    },
  }
}

/** The documents that are updated, into a database with the same indexes. */
export async function copyWorld(from: Store, to: Store): Promise<void> {
  for (const name of STANDING) {
    const documents = await dbOf(from).collection(name).find().toArray()
    await dbOf(to).collection(name).deleteMany({})
    if (documents.length > 0) await dbOf(to).collection(name).insertMany(documents)
  }
}

interface Replay {
  messages: number
  /** Batches under way at once. */
  parallel: number
  /** All that were written, unless named. */
  collections?: string[]
}

type Batch = [collection: string, operations: mongo.AnyBulkWriteOperation[]][]

/** Bulk writes of the same documents per message: one a collection and batch, nothing read, no transaction, majority and journal. */
export async function replay(store: Store, written: Written, { messages, parallel, collections }: Replay): Promise<Turn> {
  const batches = Array.from({ length: Math.floor(messages / BATCH) }, (_, i) => batchOf(written, i, collections))
  const cpu = process.cpuUsage()
  const startedAt = performance.now()
  let next = 0
  const worker = async () => {
    for (let batch = batches[next++]; batch; batch = batches[next++])
      await Promise.all(batch.map(([name, operations]) => dbOf(store).collection(name).bulkWrite(operations, DURABLE)))
  }
  await Promise.all(Array.from({ length: parallel }, worker))
  const { user, system } = process.cpuUsage(cpu)
  const count = batches.length * BATCH
  return { '/s': count / ((performance.now() - startedAt) / 1000), 'CPU µs': (user + system) / count }
}

let copies = 0

/** As many inserts and updates of each collection as fall to BATCH messages. */
function batchOf(written: Written, index: number, collections?: string[]): Batch {
  const total = written.get('messages')?.inserts.length ?? 0
  const names = [...written.keys()].filter(name => !collections || collections.includes(name))
  return names.map(name => {
    const { inserts, updates } = written.get(name) as { inserts: Document[]; updates: { _id: unknown; set: Document }[] }
    const share = <T>(all: T[]) =>
      Array.from({ length: Math.round((all.length / total) * BATCH) }, (_, i) => all[(index * BATCH + i) % all.length] as T)
    return [
      name,
      [
        ...share(inserts).map(document => ({ insertOne: { document: copyOf(name, document) } })),
        ...share(updates).map(({ _id, set }) => ({
          updateOne: { filter: { _id } as mongo.Filter<Document>, update: { $set: set } },
        })),
      ],
    ]
  })
}

/** Unique beside the id, alone or with the tenant. */
const UNIQUE_TEXTS: Record<string, string[]> = { messages: ['wamid'], contacts: ['waId', 'userId'], leads: ['phone'] }
const UNIQUE_IDS: Record<string, string[]> = { conversations: ['contactId'] }

/** The same document under other ids. */
function copyOf(collection: string, document: Document): Document {
  const tag = `-${++copies}`
  const _id = typeof document._id === 'string' ? document._id + tag : new mongo.ObjectId()
  const texts = UNIQUE_TEXTS[collection] ?? []
  const ids = UNIQUE_IDS[collection] ?? []
  return {
    ...document,
    _id,
    // The number of a message is unique in its conversation.
    ...(collection === 'messages' && 'seq' in document && { seq: 1_000_000 + copies }),
    ...Object.fromEntries(texts.filter(key => typeof document[key] === 'string').map(key => [key, document[key] + tag])),
    ...Object.fromEntries(ids.map(key => [key, new mongo.ObjectId()])),
  }
}

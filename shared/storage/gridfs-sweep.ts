import mongoose from 'mongoose'
import type { TimeSpan } from './object-storage.ts'

type Db = NonNullable<mongoose.Connection['db']>
const { ObjectId } = mongoose.mongo

const PART = 1000

/** Keys of finished files by the time at which they were stored. Uses the index of GridFS on name and time. */
export async function* storedFiles(db: Db, { since, before }: TimeSpan): AsyncGenerator<string[]> {
  const files = db.collection<{ filename: string; uploadDate: Date }>('files.files')
  for (let last = ''; ; ) {
    const filter = { filename: { $gt: last }, uploadDate: { $gte: since, $lt: before } }
    const found = await files
      .find(filter, { projection: { filename: 1 } })
      .sort({ filename: 1 })
      .limit(PART)
      .toArray()
    if (found.length === 0) return
    yield found.map(({ filename }) => filename)
    last = found.at(-1)?.filename as string
  }
}

/**
 * Deletes the chunks of files that were never finished: GridFS writes the row of a file after its last chunk, so a process that
 * dies in between leaves chunks without a row. @returns how many files there were
 */
export async function deleteUnfinishedFiles(db: Db, before: Date): Promise<number> {
  const chunks = db.collection('files.chunks')
  const newest = ObjectId.createFromTime(Math.floor(before.getTime() / 1000))
  // Covered by the index of GridFS on file and number: no chunk is read.
  const firsts = chunks.find({ n: 0 }, { projection: { _id: 0, files_id: 1 }, hint: { files_id: 1, n: 1 }, batchSize: PART })
  let deleted = 0
  for (let ids = await take(firsts); ids.length > 0; ids = await take(firsts)) {
    for (const id of await withoutRow(db, ids)) {
      const old = await chunks.findOne({ files_id: id, n: 0, _id: { $lt: newest } }, { projection: { _id: 1 } })
      if (old === null) continue
      await chunks.deleteMany({ files_id: id })
      deleted++
    }
  }
  return deleted
}

async function take(cursor: { next(): Promise<mongoose.mongo.BSON.Document | null> }): Promise<unknown[]> {
  const ids: unknown[] = []
  while (ids.length < PART) {
    const chunk = await cursor.next()
    if (chunk === null) break
    ids.push(chunk.files_id)
  }
  return ids
}

async function withoutRow(db: Db, ids: readonly unknown[]): Promise<unknown[]> {
  const filter = { _id: { $in: ids as mongoose.mongo.ObjectId[] } }
  const rows = await db
    .collection('files.files')
    .find(filter, { projection: { _id: 1 } })
    .toArray()
  const present = new Set(rows.map(({ _id }) => String(_id)))
  return ids.filter(id => !present.has(String(id)))
}

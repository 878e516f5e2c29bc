import mongoose from 'mongoose'

type Db = NonNullable<mongoose.Connection['db']>
const { ObjectId } = mongoose.mongo

const PART = 1000

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

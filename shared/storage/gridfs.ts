import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import mongoose, { type Connection } from 'mongoose'
import { deleteUnfinishedFiles } from './gridfs-sweep.ts'
import { ObjectNotFound, type ObjectStorage, type StoredObject } from './object-storage.ts'

/**
 * Storage in MongoDB's GridFS, without a further server, fit for gigabytes. Each `put` writes a file of its own, named by its key,
 * and the newest complete one is the file of the key: two writers of one key leave one of their files whole.
 */
export function gridfsStorage(connection: Connection): ObjectStorage {
  const db = connection.db
  if (db === undefined) throw new Error('The MongoDB connection for GridFS is not open.')
  const bucket = new mongoose.mongo.GridFSBucket(db, { bucketName: 'files', writeConcern: { w: 'majority', j: true } })
  const files = db.collection<StoredFile>('files.files')

  /** Ids of the complete files of a key, the present one first. Files of earlier versions have the key itself as their id. */
  const idsOf = async (key: string) =>
    (
      await files
        .find({ filename: key }, { projection: { _id: 1 } })
        .sort({ _id: -1 })
        .toArray()
    ).map(({ _id }) => _id)

  const remove = async (id: FileId) => {
    await bucket.delete(id as mongoose.mongo.ObjectId).catch(error => {
      if (!/file not found/i.test(String(error))) throw error
    })
  }

  async function* list(prefix: string): AsyncGenerator<StoredObject> {
    const named = { filename: { $gte: prefix, $lt: `${prefix}\uffff` } }
    // Covered by the index of GridFS on name and time. Callers work on each file, so a part must not outlast its cursor.
    const found = files.find(named, { projection: { _id: 0, filename: 1, uploadDate: 1 }, batchSize: LISTED_AT_ONCE })
    for await (const { filename: key, uploadDate: storedAt } of found) yield { key, storedAt }
  }

  return {
    list,
    async put(key, content, { contentType }) {
      const upload = bucket.openUploadStream(key, { metadata: { contentType } })
      try {
        await pipeline(content, upload)
      } catch (error) {
        await remove(upload.id).catch(() => undefined)
        throw error
      }
      // Of two that end at the same time each keeps the same one.
      const [, ...replaced] = await idsOf(key)
      for (const id of replaced) await remove(id)
    },
    async get(key, range) {
      const [id] = await idsOf(key)
      if (id === undefined) throw new ObjectNotFound(key)
      // The end of a range is exclusive in GridFS.
      const stream = bucket.openDownloadStream(id as mongoose.mongo.ObjectId, range && { start: range.start, end: range.end + 1 })
      return stream as Readable
    },
    async delete(key) {
      for (const id of await idsOf(key)) await remove(id)
    },
    deleteUnfinished: before => deleteUnfinishedFiles(db, before),
    async [Symbol.asyncDispose]() {},
  }
}

const LISTED_AT_ONCE = 1000

type FileId = mongoose.mongo.ObjectId | string
interface StoredFile {
  _id: FileId
  filename: string
  uploadDate: Date
}

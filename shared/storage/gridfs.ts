import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import mongoose, { type Connection } from 'mongoose'
import { deleteUnfinishedFiles, storedFiles } from './gridfs-sweep.ts'
import { ObjectNotFound, type ObjectStorage } from './object-storage.ts'

/** Storage in MongoDB's GridFS, without a further server, fit for gigabytes. The `_id` of a file is its key. */
export function gridfsStorage(connection: Connection): ObjectStorage {
  const db = connection.db
  if (db === undefined) throw new Error('The MongoDB connection for GridFS is not open.')
  const bucket = new mongoose.mongo.GridFSBucket(db, { bucketName: 'files', writeConcern: { w: 'majority', j: true } })
  const files = db.collection<{ _id: string; length: number }>('files.files')

  const remove = async (key: string) => {
    await bucket.delete(idOf(key)).catch(error => {
      if (!/file not found/i.test(String(error))) throw error
    })
  }

  return {
    async put(key, content, { contentType }) {
      await remove(key)
      const upload = bucket.openUploadStreamWithId(idOf(key), key, { metadata: { contentType } })
      try {
        await pipeline(content, upload)
      } catch (error) {
        await remove(key).catch(() => undefined)
        throw error
      }
    },
    async get(key, range) {
      if ((await files.findOne({ _id: key }, { projection: { _id: 1 } })) === null) throw new ObjectNotFound(key)
      // The end of a range is exclusive in GridFS.
      return bucket.openDownloadStream(idOf(key), range && { start: range.start, end: range.end + 1 }) as Readable
    },
    delete: remove,
    storedBetween: span => storedFiles(db, span),
    deleteUnfinished: before => deleteUnfinishedFiles(db, before),
    async [Symbol.asyncDispose]() {},
  }
}

/** Key as the id of a file: any value is valid, although the driver's types allow ObjectIds only. */
const idOf = (key: string) => key as unknown as mongoose.mongo.ObjectId

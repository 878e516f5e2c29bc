import type { Readable } from 'node:stream'
import type { ByteRange } from '../domain/media/media-rules.ts'

/** Storage of files: MongoDB's GridFS by default, or any S3-compatible service. Keys start with the tenant's id. */
export interface ObjectStorage extends AsyncDisposable {
  /**
   * Stores a file under a key and replaces an earlier one once it is complete. If reading the stream fails it throws and changes
   * nothing. Of two at once one is kept, whole.
   */
  put(key: string, content: Readable, options: { contentType: string }): Promise<void>
  /** Opens a file. @throws ObjectNotFound */
  get(key: string, range?: ByteRange): Promise<Readable>
  /** Deletes a file; no error if it does not exist. */
  delete(key: string): Promise<void>
  /** The files whose keys begin with a prefix, in any order. */
  list(prefix: string): AsyncIterable<StoredObject>
  /**
   * Deletes what writes left behind that were cut off before `before`. Files of S3 that are cut off stay hidden until the bucket's
   * rule for incomplete uploads removes them. @returns how many there were
   */
  deleteUnfinished(before: Date): Promise<number>
}

/** A file in a listing. */
export interface StoredObject {
  key: string
  storedAt: Date
}

/** The files whose keys begin with a prefix, as a list; for prefixes with few files. */
export async function listFiles(storage: Pick<ObjectStorage, 'list'>, prefix: string): Promise<StoredObject[]> {
  const files: StoredObject[] = []
  for await (const file of storage.list(prefix)) files.push(file)
  return files
}

export class ObjectNotFound extends Error {
  override readonly name = 'ObjectNotFound'
}

/** For `catch`: null where a file is not there, as after an erasure. @throws any other error */
export function nullIfGone(error: unknown): null {
  if (error instanceof ObjectNotFound) return null
  throw error
}

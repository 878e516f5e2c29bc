import type { Readable } from 'node:stream'
import type { ByteRange } from '../domain/media/media-rules.ts'

/** Where files lie: MongoDB's GridFS as the embedded default, or any S3-compatible service. Keys start with the tenant's id. */
export interface ObjectStorage extends AsyncDisposable {
  /** Replaces what the key held. Reads the stream to its end or throws, and then keeps nothing. */
  put(key: string, content: Readable, options: { contentType: string }): Promise<void>
  /** @throws ObjectNotFound */
  get(key: string, range?: ByteRange): Promise<Readable>
  /** Nothing happens when it is not there. */
  delete(key: string): Promise<void>
}

export class ObjectNotFound extends Error {
  override readonly name = 'ObjectNotFound'
}

import { createHash } from 'node:crypto'
import { Transform } from 'node:stream'
import { fileTypeFromBuffer } from 'file-type'

const HEAD_BYTES = 4100

/** What a stream was found to be on its way. */
export interface Inspected {
  size: number
  sha256: Buffer
  /** Its first bytes. */
  head: Buffer
  /** The type that they tell, with codecs; null when they tell nothing. */
  found: string | null
}

/**
 * A place to look at a file while it streams by: size, hash and first bytes.
 * @param tooLarge what the stream breaks with when more than `maxBytes` come
 */
export function inspect(maxBytes: number, tooLarge: () => Error) {
  const hash = createHash('sha256')
  const heads: Buffer[] = []
  let [size, headSize] = [0, 0]
  const through = new Transform({
    transform(chunk: Buffer, _encoding, next) {
      size += chunk.length
      if (size > maxBytes) return next(tooLarge())
      hash.update(chunk)
      if (headSize < HEAD_BYTES) {
        heads.push(chunk.subarray(0, HEAD_BYTES - headSize))
        headSize += chunk.length
      }
      next(null, chunk)
    },
  })
  return {
    through,
    /** Once all has gone through. */
    async seen(): Promise<Inspected> {
      const head = Buffer.concat(heads)
      return { size, sha256: hash.digest(), head, found: (await fileTypeFromBuffer(head))?.mime ?? null }
    },
  }
}

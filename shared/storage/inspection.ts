import { createHash } from 'node:crypto'
import { Transform } from 'node:stream'
import { fileTypeFromBuffer } from 'file-type'
import { officeType } from '../domain/media/office-files.ts'
import type { ObjectStorage } from './object-storage.ts'
import { zipNames } from './zip-names.ts'

const HEAD_BYTES = 4100

/** Findings about a file that was streamed. */
export interface Inspected {
  size: number
  sha256: Buffer
  /** First bytes of the file. */
  head: Buffer
  /** Type by the first bytes, with codecs; null when they show none. */
  found: string | null
}

/**
 * Transform that determines size, hash and first bytes of a file while it is streamed.
 * @param tooLarge error of the stream when it exceeds `maxBytes`
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
    /** Findings, available once the whole file was streamed. */
    async seen(): Promise<Inspected> {
      const head = Buffer.concat(heads)
      return { size, sha256: hash.digest(), head, found: (await fileTypeFromBuffer(head))?.mime ?? null }
    },
  }
}

/** Type of a stored file by its content: for a ZIP by its entries, which its first bytes do not show. */
export async function typeOfStored(
  storage: Pick<ObjectStorage, 'get'>,
  key: string,
  { found, size }: Pick<Inspected, 'found' | 'size'>,
): Promise<string | null> {
  if (found !== 'application/zip' && !found?.includes('officedocument')) return found
  return officeType((await zipNames(storage, key, size)) ?? []) ?? found
}

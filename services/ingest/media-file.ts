import { createHash } from 'node:crypto'
import { Readable, Transform } from 'node:stream'
import { fileTypeFromBuffer } from 'file-type'
import sharp from 'sharp'
import { bareType, hashMatches, isSameType, MAX_INBOUND_BYTES } from '#shared/domain/media-rules.ts'
import type { ObjectStorage } from '#shared/storage/object-storage.ts'

/** The file is not what Meta said, or too large: nothing is kept of it. */
export class BadFile extends Error {
  override readonly name = 'BadFile'
}

export interface KeptFile {
  size: number
  mimeType: string
}

const HEAD_BYTES = 4100
const THUMBNAIL_EDGE = 320
const MAX_IMAGE_BYTES = 12 * 1024 * 1024
const MAX_PIXELS = 50_000_000
const GENERIC = new Set(['application/octet-stream', 'binary/octet-stream'])

/**
 * Streams a file into the storage and checks it on the way: size, hash, and whether its first bytes are of the type it claims.
 * @throws BadFile, and then nothing is kept
 */
export async function keepFile(
  storage: ObjectStorage,
  key: string,
  content: Readable,
  claimed: { mimeType: string | null; sha256: string | null },
): Promise<KeptFile> {
  const hash = createHash('sha256')
  const head: Buffer[] = []
  let [size, headSize] = [0, 0]
  const check = new Transform({
    transform(chunk: Buffer, _encoding, next) {
      size += chunk.length
      if (size > MAX_INBOUND_BYTES) return next(new BadFile(`larger than ${MAX_INBOUND_BYTES} bytes`))
      hash.update(chunk)
      if (headSize < HEAD_BYTES) {
        head.push(chunk)
        headSize += chunk.length
      }
      next(null, chunk)
    },
  })
  content.on('error', error => check.destroy(error))
  await storage.put(key, content.pipe(check), { contentType: bareType(claimed.mimeType) ?? 'application/octet-stream' })
  const problem = await problemOf()
  if (problem === null) return { size, mimeType: bareType(claimed.mimeType) ?? 'application/octet-stream' }
  await storage.delete(key)
  throw new BadFile(problem)

  async function problemOf(): Promise<string | null> {
    if (size === 0) return 'the file is empty'
    if (!hashMatches(claimed.sha256, hash.digest())) return 'its hash is not the one that Meta named'
    const found = (await fileTypeFromBuffer(Buffer.concat(head).subarray(0, HEAD_BYTES)))?.mime ?? null
    const type = bareType(claimed.mimeType)
    const isNamed = type !== null && !GENERIC.has(type) && /^(image|audio|video)\//.test(type)
    if (isNamed && found !== null && !isSameType(type, found)) return `named ${type}, but it is ${found}`
    return null
  }
}

/** A small JPEG of a stored image; null for what is no image, or none that can be read. */
export async function thumbnailOf(storage: ObjectStorage, key: string, { size, mimeType }: KeptFile): Promise<Buffer | null> {
  if (!mimeType.startsWith('image/') || size > MAX_IMAGE_BYTES) return null
  const chunks: Buffer[] = []
  for await (const chunk of await storage.get(key)) chunks.push(chunk as Buffer)
  try {
    return await sharp(Buffer.concat(chunks), { limitInputPixels: MAX_PIXELS })
      .rotate()
      .resize(THUMBNAIL_EDGE, THUMBNAIL_EDGE, { fit: 'inside', withoutEnlargement: true })
      .jpeg({ quality: 75 })
      .toBuffer()
  } catch {
    return null
  }
}

export const asStream = (content: Buffer): Readable => Readable.from([content])

import { pipeline, Readable } from 'node:stream'
import sharp from 'sharp'
import { bareType, hashMatches, isSameType, MAX_INBOUND_BYTES } from '#shared/domain/media/media-rules.ts'
import { type Inspected, inspect } from '#shared/storage/inspection.ts'
import type { ObjectStorage } from '#shared/storage/object-storage.ts'

/** A file that is too large or differs from what Meta announced. Nothing of it is stored. */
export class BadFile extends Error {
  override readonly name = 'BadFile'
}

export interface StoredFile {
  size: number
  mimeType: string
}

const THUMBNAIL_EDGE = 320
const MAX_IMAGE_BYTES = 12 * 1024 * 1024
const MAX_PIXELS = 50_000_000
const GENERIC = new Set(['application/octet-stream', 'binary/octet-stream'])

/**
 * Streams a file into the storage and checks its size, its hash, and that its first bytes match the claimed type.
 * @throws BadFile; then nothing was stored, and a file that another worker has stored stays
 */
export async function storeFile(
  storage: ObjectStorage,
  key: string,
  content: Readable,
  claimed: { mimeType: string | null; sha256: string | null },
): Promise<StoredFile> {
  const { through, seen } = inspect(MAX_INBOUND_BYTES, () => new BadFile(`larger than ${MAX_INBOUND_BYTES} bytes`))
  const mimeType = bareType(claimed.mimeType) ?? 'application/octet-stream'
  let size = 0
  // Errors come out of the stream that the storage reads.
  pipeline(content, through, () => undefined)
  async function* checked(): AsyncGenerator<Buffer> {
    yield* through
    const found = await seen()
    const problem = problemOf(found, claimed)
    if (problem !== null) throw new BadFile(problem)
    size = found.size
  }
  await storage.put(key, Readable.from(checked(), { objectMode: false }), { contentType: mimeType })
  return { size, mimeType }
}

function problemOf(
  { size, sha256, found }: Inspected,
  claimed: { mimeType: string | null; sha256: string | null },
): string | null {
  if (size === 0) return 'the file is empty'
  if (!hashMatches(claimed.sha256, sha256)) return 'the file does not have the hash that Meta announced'
  const type = bareType(claimed.mimeType)
  const isSpecific = type !== null && !GENERIC.has(type) && /^(image|audio|video)\//.test(type)
  if (isSpecific && found !== null && !isSameType(type, found)) return `the file is ${found}, but Meta announced ${type}`
  return null
}

/** A small JPEG of a stored image; null for other files and for images that are too large or unreadable. */
export async function thumbnailOf(storage: ObjectStorage, key: string, { size, mimeType }: StoredFile): Promise<Buffer | null> {
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

import { pipeline, Readable } from 'node:stream'
import sharp from 'sharp'
import { bareType, hashMatches, MAX_INBOUND_BYTES, receivedType } from '#shared/domain/media/media-rules.ts'
import { type Inspected, inspect, typeOfStored } from '#shared/storage/inspection.ts'
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

/**
 * Streams a file into the storage and checks its size and its hash. Its type is what its bytes are, whatever Meta calls it.
 * @throws BadFile; then nothing was stored, and a file that another worker has stored stays
 */
export async function storeFile(
  storage: ObjectStorage,
  key: string,
  content: Readable,
  claimed: { mimeType: string | null; sha256: string | null },
): Promise<StoredFile> {
  const { through, seen } = inspect(MAX_INBOUND_BYTES, () => new BadFile(`larger than ${MAX_INBOUND_BYTES} bytes`))
  let inspected: Inspected | null = null
  // Errors come out of the stream that the storage reads.
  pipeline(content, through, () => undefined)
  async function* checked(): AsyncGenerator<Buffer> {
    yield* through
    inspected = await seen()
    const problem = problemOf(inspected, claimed.sha256)
    if (problem !== null) throw new BadFile(problem)
  }
  const contentType = bareType(claimed.mimeType) ?? 'application/octet-stream'
  await storage.put(key, Readable.from(checked(), { objectMode: false }), { contentType })
  const { size } = inspected as unknown as Inspected
  return { size, mimeType: receivedType(claimed.mimeType, await typeOfStored(storage, key, inspected as unknown as Inspected)) }
}

function problemOf({ size, sha256 }: Inspected, announced: string | null): string | null {
  if (size === 0) return 'the file is empty'
  return hashMatches(announced, sha256) ? null : 'the file does not have the hash that Meta announced'
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

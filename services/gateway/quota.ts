import { pipeline, type Readable, Transform } from 'node:stream'
import { ApiError } from '#shared/domain/errors.ts'
import { storedBytes } from '#shared/store/inbox/stored-bytes.ts'
import type { GatewayDeps } from './deps.ts'

/**
 * Refuses a further file of a tenant whose uploads and audiences fill its share of the storage. Files that run at the same time may
 * exceed it by their own sizes, which the routes bound. @throws ApiError 422 STORAGE_FULL
 */
export async function requireRoom({ store, config }: Pick<GatewayDeps, 'store' | 'config'>, tenantId: string): Promise<void> {
  const most = config.UPLOAD_QUOTA_BYTES
  const used = await storedBytes(store, tenantId)
  if (used < most) return
  throw new ApiError(
    422,
    'STORAGE_FULL',
    `The uploaded files and audiences of this company take up ${used} of ${most} bytes. Ask the operator for a higher UPLOAD_QUOTA_BYTES.`,
  )
}

/** A stream with its content unchanged, and the number of bytes that have passed. */
export function countBytes(content: Readable): { counted: Readable; bytes(): number } {
  let bytes = 0
  const counted = new Transform({
    transform(chunk: Buffer, _encoding, next) {
      bytes += chunk.length
      next(null, chunk)
    },
  })
  // Errors come out of the counting stream.
  pipeline(content, counted, () => undefined)
  return { counted, bytes: () => bytes }
}

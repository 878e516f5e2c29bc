import { createHash } from 'node:crypto'
import type { Simulation } from '../simulation.ts'
import { objectId } from '../world/ids.ts'

export interface MediaRequest {
  id?: string
  phoneNumberId?: string | null
  mimeType: string
  filename?: string
  /** Base64; a few sample bytes by default. */
  data?: string
}

const KEPT_MS = 30 * 86_400_000

/** All media files, without their bytes. */
export const listMedia = ({ world }: Simulation) => ({
  data: [...world.media.values()].map(({ bytes, expiresAt, ...file }) => ({
    ...file,
    size: bytes.length,
    expiresAt: new Date(expiresAt).toISOString(),
  })),
})

/** Adds a file as if it had been uploaded. */
export function addMedia(
  { world, now }: Simulation,
  { id = objectId(), phoneNumberId = null, mimeType, filename, data }: MediaRequest,
) {
  const bytes = data === undefined ? Buffer.from(`sample of ${mimeType}`) : Buffer.from(data, 'base64')
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  world.media.set(id, { id, phoneNumberId, mimeType, filename: filename ?? null, sha256, bytes, expiresAt: now() + KEPT_MS })
  return { id, sha256, fileSize: bytes.length }
}

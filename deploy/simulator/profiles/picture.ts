import { createHash } from 'node:crypto'
import { type Call, Reply } from '../call.ts'
import type { Simulation } from '../simulation.ts'

/** Where pictures of profiles lie; no token is needed. */
export const PICTURE_PATH = '/profile_pictures'
const KEPT_MS = 10 * 365 * 86_400_000

export const pictureUrl = (origin: string, id: string): string => `${origin}${PICTURE_PATH}?id=${id}`

/** Keeps a picture beside the media files. */
export function keepPicture(sim: Simulation, { id, mimeType, bytes }: { id: string; mimeType: string; bytes: Buffer }): void {
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  const about = { phoneNumberId: null, filename: null, sha256, expiresAt: sim.now() + KEPT_MS }
  sim.world.media.set(id, { id, mimeType, bytes, ...about })
}

/** The bytes of a picture. */
export function downloadPicture({ sim, query }: Call): Reply {
  const picture = sim.world.media.get(query.get('id') ?? '')
  return picture ? new Reply(200, picture.bytes, { 'content-type': picture.mimeType }) : new Reply(404, '')
}

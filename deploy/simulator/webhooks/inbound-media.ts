import { createHash } from 'node:crypto'
import { downloadUrl } from '../graph/media-url.ts'
import { objectOf, textOf } from '../params.ts'
import type { Simulation } from '../simulation.ts'
import { objectId } from '../world/ids.ts'
import type { Json, PhoneNumber } from '../world/world.ts'

/** How long media of webhooks can be downloaded. */
const KEPT_MS = 7 * 86_400_000

const SAMPLES: Record<string, { mimeType: string; bytes: Buffer; extra?: Json }> = {
  image: {
    mimeType: 'image/jpeg',
    bytes: Buffer.from(
      '/9j/4AAQSkZJRgABAQEASABIAAD/2wBDAP//////////////////////////////////////////////////////////////////////////////////////wgALCAABAAEBAREA/8QAFBABAAAAAAAAAAAAAAAAAAAAAP/aAAgBAQABPxA=',
      'base64',
    ),
  },
  video: { mimeType: 'video/mp4', bytes: Buffer.from('AAAAIGZ0eXBpc29tAAACAGlzb21pc28yYXZjMW1wNDEAAAAIZnJlZQ==', 'base64') },
  audio: {
    mimeType: 'audio/ogg; codecs=opus',
    bytes: Buffer.from('T2dnUwACAAAAAAAAAAAAAAAAAAAAAAAAAAABE09wdXNIZWFkAQE4AYC7AAAAAAA=', 'base64'),
    extra: { voice: true },
  },
  document: {
    mimeType: 'application/pdf',
    bytes: Buffer.from(
      '%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n',
    ),
  },
  sticker: {
    mimeType: 'image/webp',
    bytes: Buffer.from('UklGRhoAAABXRUJQVlA4TA0AAAAvAAAAEAcQERGIiP4HAA==', 'base64'),
    extra: { animated: false },
  },
}

/**
 * Adds what Meta adds to a media message: an id that can be fetched, the hash and a short-lived URL. The bytes are `data`
 * (base64) or a sample. An `id` that is given stays.
 */
export function withMedia(sim: Simulation, number: PhoneNumber, type: string, message: Json): Json {
  const sample = SAMPLES[type]
  if (!sample) return message
  const { data, link: _link, ...given } = objectOf(message[type])
  const bytes = textOf(data) ? Buffer.from(data as string, 'base64') : sample.bytes
  const digest = createHash('sha256').update(bytes)
  const id = textOf(given.id) ?? objectId()
  const mimeType = textOf(given.mime_type) ?? sample.mimeType
  const sha256 = digest.copy().digest('hex')
  const filename = textOf(given.filename) ?? null
  sim.world.media.set(id, { id, phoneNumberId: number.id, mimeType, filename, sha256, bytes, expiresAt: sim.now() + KEPT_MS })
  const { caption, filename: _, ...rest } = given
  const media = {
    ...(caption !== undefined && { caption }),
    ...(filename !== null && { filename }),
    mime_type: mimeType,
    sha256: digest.digest('base64'),
    id,
    url: downloadUrl(sim, id, sim.options.publicUrl ?? sim.url, 'webhook'),
    ...sample.extra,
    ...rest,
  }
  return { ...message, [type]: media }
}

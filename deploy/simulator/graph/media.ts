import { createHash } from 'node:crypto'
import { type AuthorizedCall, type Call, type NumberCall, Reply, SUCCESS } from '../call.ts'
import { UploadedFile } from '../multipart.ts'
import { idOf, textOf } from '../params.ts'
import { objectId } from '../world/ids.ts'
import type { Media } from '../world/world.ts'
import { findToken, tokenTextOf } from './auth.ts'
import { GraphError } from './errors.ts'
import { downloadUrl, urlIsValid } from './media-url.ts'
import { requireWhatsapp } from './required.ts'
import { unknownObject } from './unknown.ts'

const KEPT_MS = 30 * 86_400_000
const MB = 1024 * 1024
const MAX_BYTES: [RegExp, number][] = [
  [/^image\/webp/, 0.5 * MB],
  [/^image\//, 5 * MB],
  [/^(audio|video)\//, 16 * MB],
  [/./, 100 * MB],
]

const DOCUMENT_TYPES = [
  'application/vnd.ms-powerpoint',
  'application/msword',
  'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
  'application/vnd.openxmlformats-officedocument.presentationml.presentation',
  'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
  'application/pdf',
  'text/plain',
  'application/vnd.ms-excel',
]
const UPLOAD_TYPES = [
  ...['audio/aac', 'audio/mp4', 'audio/mpeg', 'audio/amr', 'audio/ogg', 'audio/opus'],
  ...DOCUMENT_TYPES,
  ...['image/jpeg', 'image/png', 'image/webp', 'video/mp4', 'video/3gpp'],
]

/** `POST /{phone}/media`: a form with `file`. Its MIME type is the file's own, else the parameter `type`. */
export function uploadMedia({ sim, number, params }: NumberCall): object {
  requireWhatsapp(params)
  const { file } = params
  if (!(file instanceof UploadedFile)) throw new GraphError(100, { message: '(#100) The parameter file is required.' })
  const mimeType = mimeTypeOf(file, textOf(params.type))
  checkFile(mimeType, file.bytes.length)
  const media = {
    id: objectId(),
    phoneNumberId: number.id,
    mimeType,
    filename: file.filename,
    sha256: createHash('sha256').update(file.bytes).digest('hex'),
    bytes: file.bytes,
    expiresAt: sim.now() + KEPT_MS,
  }
  sim.world.media.set(media.id, media)
  return { id: media.id }
}

function mimeTypeOf(file: UploadedFile, type: string | undefined): string {
  const own = file.mimeType.split(';')[0]?.trim().toLowerCase() as string
  if (own !== 'application/octet-stream') return own
  return type?.includes('/') ? (type.split(';')[0] as string).toLowerCase() : own
}

function checkFile(mimeType: string, size: number): void {
  if (!UPLOAD_TYPES.includes(mimeType)) {
    const message = `(#100) Param file must be a file with one of the following types: ${UPLOAD_TYPES.join(', ')}. Received file of type '${mimeType}'.`
    throw new GraphError(100, { message })
  }
  const max = MAX_BYTES.find(([types]) => types.test(mimeType))?.[1] as number
  if (size === 0) throw new GraphError(100, { message: '(#100) Param file must not be empty.' })
  if (size > max)
    throw new GraphError(131053, { details: `File of ${size} bytes is larger than the ${max} bytes allowed for ${mimeType}.` })
}

/** `GET /{media-id}`: a new download URL, valid for five minutes. */
export function getMedia(call: AuthorizedCall, media: Media): object {
  const { sim, params, origin } = call
  const asked = idOf(params.phone_number_id)
  if (media.expiresAt <= sim.now() || (asked !== undefined && media.phoneNumberId !== null && asked !== media.phoneNumberId)) {
    throw unknownObject(call, media.id)
  }
  return {
    messaging_product: 'whatsapp',
    url: downloadUrl(sim, media.id, origin),
    mime_type: media.mimeType,
    sha256: media.sha256,
    file_size: String(media.bytes.length),
    id: media.id,
  }
}

/** `DELETE /{media-id}`. */
export function deleteMedia({ sim }: AuthorizedCall, media: Media): object {
  sim.world.media.delete(media.id)
  return SUCCESS
}

/** The bytes of a download URL, or a range of them: 401 without a valid token, 404 when the URL has expired. */
export function downloadMedia(call: Call): Reply {
  const { sim, query, headers } = call
  const text = tokenTextOf(call)
  const token = text === undefined ? undefined : findToken(sim.world, text)
  if (!token || token.refused) return new Reply(401, '')
  const media = sim.world.media.get(query.get('mid') ?? '')
  if (!media || !urlIsValid(sim, query)) return new Reply(404, '')
  const type = { 'content-type': media.mimeType, 'accept-ranges': 'bytes' }
  const range = /^bytes=(\d+)-(\d*)$/.exec(headers.range ?? '')
  if (!range) return new Reply(200, media.bytes, type)
  const start = Number(range[1])
  const end = Math.min(range[2] ? Number(range[2]) : media.bytes.length - 1, media.bytes.length - 1)
  if (start > end) return new Reply(416, '', { 'content-range': `bytes */${media.bytes.length}` })
  return new Reply(206, media.bytes.subarray(start, end + 1), {
    ...type,
    'content-range': `bytes ${start}-${end}/${media.bytes.length}`,
  })
}

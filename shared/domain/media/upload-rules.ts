import { bareType, isSameType, type MediaKind } from './media-rules.ts'

/** What Meta takes for sending: kinds, MIME types, sizes in bytes. @see meta-cloud-api §5, §6 */
const MIB = 1024 * 1024
const MAX_BYTES: Record<MediaKind, number> = {
  image: 5 * MIB,
  video: 16 * MIB,
  audio: 16 * MIB,
  document: 100 * MIB,
  sticker: 500 * 1024,
}
const MAX_STILL_STICKER = 100 * 1024

const OPEN_XML = [
  'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
  'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
  'application/vnd.openxmlformats-officedocument.presentationml.presentation',
]
const OLD_OFFICE = ['application/msword', 'application/vnd.ms-excel', 'application/vnd.ms-powerpoint']
const TYPES: Record<MediaKind, readonly string[]> = {
  image: ['image/jpeg', 'image/png'],
  video: ['video/mp4', 'video/3gpp'],
  audio: ['audio/aac', 'audio/amr', 'audio/mpeg', 'audio/mp4', 'audio/ogg', 'audio/opus'],
  sticker: ['image/webp'],
  document: ['application/pdf', 'text/plain', ...OLD_OFFICE, ...OPEN_XML],
}
const KINDS = Object.keys(TYPES) as MediaKind[]

/** Other names of the same, as browsers and `file` give them. */
const OTHER_NAMES: Record<string, string> = {
  'image/jpg': 'image/jpeg',
  'audio/mp3': 'audio/mpeg',
  'audio/m4a': 'audio/mp4',
  'audio/x-m4a': 'audio/mp4',
  'application/ogg': 'audio/ogg',
}
const GENERIC = new Set(['application/octet-stream', 'binary/octet-stream'])

/** All that may be named when a file is given. */
export const UPLOAD_TYPES = [...Object.values(TYPES).flat(), ...Object.keys(OTHER_NAMES), ...GENERIC]

export interface GivenFile {
  size: number
  /** As the sender names it; null or octet-stream leaves it to the bytes. */
  claimed: string | null
  /** As the first bytes tell, with codecs; null when they tell nothing. */
  found: string | null
  /** Of a WebP. */
  isAnimated: boolean
}
export type FileVerdict =
  | { kind: MediaKind; mimeType: string }
  | { kind: 'refused'; status: 413 | 415 | 422; errorCode: string; detail: string }

/** What a stored file may be sent as; null for what Meta does not take. */
export const kindOfType = (mimeType: string | null): MediaKind | null => kindOf(mimeTypeOf(mimeType, null))

/** The most that may come of a file of this type: no more of it need be read. */
export function mostBytes(claimed: string | null): number {
  const kind = kindOfType(claimed)
  return kind ? MAX_BYTES[kind] : MAX_BYTES.document
}

/** As what a file may be sent; the type is one that Meta takes. */
export function checkFile({ size, claimed, found, isAnimated }: GivenFile): FileVerdict {
  const mimeType = mimeTypeOf(claimed, found)
  const kind = kindOf(mimeType)
  if (size === 0) return refused(422, 'MEDIA_EMPTY', 'The file is empty')
  if (mimeType === null || kind === null)
    return refused(415, 'MEDIA_TYPE_NOT_ALLOWED', `WhatsApp takes ${KINDS.map(listed).join('; ')}`)
  if (!isWhatItClaims(mimeType, found))
    return refused(422, 'MEDIA_TYPE_MISMATCH', `Named ${mimeType}, but its bytes are ${found ?? 'of no known type'}`)
  if (isVorbis(mimeType, found)) return refused(422, 'MEDIA_TYPE_NOT_ALLOWED', 'Ogg audio must be Opus')
  const most = kind === 'sticker' && !isAnimated ? MAX_STILL_STICKER : MAX_BYTES[kind]
  if (size > most) return refused(413, 'MEDIA_TOO_LARGE', `${kind} of ${size} bytes: WhatsApp takes at most ${most}`)
  return { kind, mimeType }
}

/** Byte 20 of an extended WebP holds its flags. */
export const isAnimatedWebp = (head: Buffer): boolean =>
  head.toString('latin1', 8, 16) === 'WEBPVP8X' && ((head[20] ?? 0) & 0x02) !== 0

const kindOf = (mimeType: string | null): MediaKind | null =>
  KINDS.find(kind => mimeType !== null && TYPES[kind].includes(mimeType)) ?? null

function mimeTypeOf(claimed: string | null, found: string | null): string | null {
  const named = bareType(claimed)
  const type = named === null || GENERIC.has(named) ? bareType(found) : named
  return type === null ? null : (OTHER_NAMES[type] ?? type)
}

/** Containers tell less than the name: a Word file is a zip. Plain text has no first bytes of its own. */
function isWhatItClaims(mimeType: string, found: string | null): boolean {
  const type = bareType(found)
  if (mimeType === 'text/plain') return type === null
  if (OPEN_XML.includes(mimeType)) return type === mimeType || type === 'application/zip'
  if (OLD_OFFICE.includes(mimeType)) return type === mimeType || type === 'application/x-cfb'
  return type !== null && isSameType(mimeType, type)
}

const isVorbis = (mimeType: string, found: string | null) =>
  mimeType === 'audio/ogg' && found !== null && !/codecs=opus/.test(found)

const listed = (kind: MediaKind) => `${kind}: ${TYPES[kind].join(', ')}`
const refused = (status: 413 | 415 | 422, errorCode: string, detail: string): FileVerdict => ({
  kind: 'refused',
  status,
  errorCode,
  detail,
})

import { bareType, isSameType, type MediaKind } from './media-rules.ts'

/**
 * Files that Meta accepts for sending, by kind, MIME type and size in bytes.
 * @see https://developers.facebook.com/docs/whatsapp/cloud-api/reference/media#supported-media-types
 */
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

/** Names that browsers and the `file` command give to the same types. */
const OTHER_NAMES: Record<string, string> = {
  'image/jpg': 'image/jpeg',
  'audio/mp3': 'audio/mpeg',
  'audio/m4a': 'audio/mp4',
  'audio/x-m4a': 'audio/mp4',
  'application/ogg': 'audio/ogg',
}
const GENERIC = new Set(['application/octet-stream', 'binary/octet-stream'])

/** Every `Content-Type` that an upload may name. */
export const UPLOAD_TYPES = [...Object.values(TYPES).flat(), ...Object.keys(OTHER_NAMES), ...GENERIC]

export interface GivenFile {
  size: number
  /** Type that the uploader names; with null or octet-stream the bytes decide. */
  claimed: string | null
  /** Type by the first bytes, with codecs; null when they show none. */
  found: string | null
  /** Whether a WebP is animated; false for every other type. */
  isAnimated: boolean
}
export type FileVerdict =
  | { kind: MediaKind; mimeType: string }
  | { kind: 'refused'; status: 413 | 415 | 422; errorCode: string; detail: string }

/** Media kind that a stored file is sent as; null for a type that Meta does not accept. */
export const kindOfType = (mimeType: string | null): MediaKind | null => kindOf(mimeTypeOf(mimeType, null))

/** Largest size in bytes of a file of this type: an upload is cut off beyond it. */
export function maxBytesOf(claimed: string | null): number {
  const kind = kindOfType(claimed)
  return kind ? MAX_BYTES[kind] : MAX_BYTES.document
}

/** Kind and MIME type that a file is sent as, or the reason why Meta would refuse it. */
export function checkFile({ size, claimed, found, isAnimated }: GivenFile): FileVerdict {
  const mimeType = mimeTypeOf(claimed, found)
  const kind = kindOf(mimeType)
  if (size === 0) return refused(422, 'MEDIA_EMPTY', 'The file is empty.')
  if (mimeType === null || kind === null)
    return refused(
      415,
      'MEDIA_TYPE_NOT_ALLOWED',
      `WhatsApp does not accept this type of file. Send one of these: ${KINDS.map(listed).join('; ')}.`,
    )
  if (!isWhatItClaims(mimeType, found))
    return refused(
      422,
      'MEDIA_TYPE_MISMATCH',
      `The file is declared as ${mimeType}, but its content is ${found ?? 'of no known type'}.`,
    )
  if (isVorbis(mimeType, found)) return refused(422, 'MEDIA_TYPE_NOT_ALLOWED', 'Ogg audio must use the Opus codec.')
  const most = kind === 'sticker' && !isAnimated ? MAX_STILL_STICKER : MAX_BYTES[kind]
  if (size > most) return refused(413, 'MEDIA_TOO_LARGE', `The ${kind} has ${size} bytes; WhatsApp accepts at most ${most}.`)
  return { kind, mimeType }
}

/** Whether a WebP is animated: byte 20 of an extended WebP holds the flag. */
export const isAnimatedWebp = (head: Buffer): boolean =>
  head.toString('latin1', 8, 16) === 'WEBPVP8X' && ((head[20] ?? 0) & 0x02) !== 0

const kindOf = (mimeType: string | null): MediaKind | null =>
  KINDS.find(kind => mimeType !== null && TYPES[kind].includes(mimeType)) ?? null

function mimeTypeOf(claimed: string | null, found: string | null): string | null {
  const named = bareType(claimed)
  const type = named === null || GENERIC.has(named) ? bareType(found) : named
  return type === null ? null : (OTHER_NAMES[type] ?? type)
}

/** Whether the bytes fit the claimed type. A container shows less than the name (Word files are zips), plain text nothing. */
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

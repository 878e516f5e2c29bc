import { bareType, GENERIC_TYPES, isSameType, type MediaKind, namedType, OTHER_NAMES, usualType } from './media-rules.ts'
import { DOCX, OFFICE_ENDINGS, PPTX, XLSX } from './office-files.ts'

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

const OPEN_XML = [DOCX, XLSX, PPTX]
const OLD_OFFICE = ['application/msword', 'application/vnd.ms-excel', 'application/vnd.ms-powerpoint']
const TYPES: Record<MediaKind, readonly string[]> = {
  image: ['image/jpeg', 'image/png'],
  video: ['video/mp4', 'video/3gpp'],
  audio: ['audio/aac', 'audio/amr', 'audio/mpeg', 'audio/mp4', 'audio/ogg'],
  sticker: ['image/webp'],
  document: ['application/pdf', 'text/plain', ...OLD_OFFICE, ...OPEN_XML],
}
const KINDS = Object.keys(TYPES) as MediaKind[]

/** A table as text is sent as text. Windows with Excel calls it a workbook. */
const TEXT_TYPES = ['text/csv', 'text/tab-separated-values', 'text/comma-separated-values', 'application/csv']
const TEXT_ENDINGS = /\.(txt|csv|tsv|log|md|text)$/i

/** Every `Content-Type` that an upload may name. */
export const UPLOAD_TYPES = [...Object.values(TYPES).flat(), ...OTHER_NAMES, ...TEXT_TYPES, ...GENERIC_TYPES]

export interface GivenFile {
  size: number
  /** Type that the uploader names; with null or one that says nothing, such as octet-stream, the content decides. */
  claimed: string | null
  /** Type by the content, with codecs; null when it shows none. */
  found: string | null
  /** Its ending tells what a container or a text holds that does not show it. */
  filename: string | null
  /** Whether a WebP is animated; false for every other type. */
  isAnimated: boolean
}
export type FileVerdict =
  | { kind: MediaKind; mimeType: string }
  | { kind: 'refused'; status: 413 | 415 | 422; errorCode: string; detail: string }

/** Media kind that a stored file is sent as; null for a type that Meta does not accept. */
export const kindOfType = (mimeType: string | null): MediaKind | null => kindOf(usualType(mimeType))

/** Largest size in bytes of a file of this type: an upload is cut off beyond it. */
export function maxBytesOf(claimed: string | null): number {
  const kind = kindOfType(claimed)
  return kind ? MAX_BYTES[kind] : MAX_BYTES.document
}

/** Kind and MIME type that a file is sent as, or the reason why Meta would refuse it. */
export function checkFile({ size, claimed, found, filename, isAnimated }: GivenFile): FileVerdict {
  const mimeType = mimeTypeOf(claimed, found, filename ?? '')
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
export const isAnimatedWebp = (head: Uint8Array): boolean =>
  new TextDecoder('latin1').decode(head.subarray(8, 16)) === 'WEBPVP8X' && ((head[20] ?? 0) & 0x02) !== 0

const kindOf = (mimeType: string | null): MediaKind | null =>
  KINDS.find(kind => mimeType !== null && TYPES[kind].includes(mimeType)) ?? null

function mimeTypeOf(claimed: string | null, found: string | null, filename: string): string | null {
  const named = namedType(claimed) ?? typeByContent(found, filename)
  if (
    found === null &&
    (TEXT_TYPES.includes(named ?? '') || (named === 'application/vnd.ms-excel' && TEXT_ENDINGS.test(filename)))
  )
    return 'text/plain'
  // Programs that know only the old names of Office.
  if (named !== null && OLD_OFFICE.includes(named) && OPEN_XML.includes(found ?? '')) return found
  // AAC within the container of MP4, as phones record it.
  return named === 'audio/aac' && isSameType(found ?? '', 'audio/mp4') ? 'audio/mp4' : named
}

function typeByContent(found: string | null, filename: string): string | null {
  const type = usualType(found)
  if (type === null) return TEXT_ENDINGS.test(filename) ? 'text/plain' : null
  const isContainer = type === 'application/zip' || type === 'application/x-cfb'
  const byEnding = OFFICE_ENDINGS[/\.(\w+)$/.exec(filename)?.[1]?.toLowerCase() ?? '']
  return isContainer && byEnding !== undefined ? byEnding : type
}

/** Whether the bytes fit the claimed type. A container shows less than the name (Word files are zips), plain text nothing. */
function isWhatItClaims(mimeType: string, found: string | null): boolean {
  const type = bareType(found)
  if (mimeType === 'text/plain') return type === null
  // One with a password is a container of old Office.
  if (OPEN_XML.includes(mimeType)) return type === mimeType || type === 'application/zip' || type === 'application/x-cfb'
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

/** Media as Meta takes and gives it: kinds, sizes in bytes, MIME types. @see meta-cloud-api §5, §6 */
export const MEDIA_KINDS = ['image', 'video', 'audio', 'document', 'sticker'] as const
export type MediaKind = (typeof MEDIA_KINDS)[number]

const MIB = 1024 * 1024
const MAX_BYTES: Record<MediaKind, number> = {
  image: 5 * MIB,
  video: 16 * MIB,
  audio: 16 * MIB,
  document: 100 * MIB,
  sticker: 500 * 1024,
}
/** The largest file that Meta hands over at all. */
export const MAX_INBOUND_BYTES = 100 * MIB

const TYPES: Record<Exclude<MediaKind, 'document'>, readonly string[]> = {
  image: ['image/jpeg', 'image/png'],
  video: ['video/mp4', 'video/3gpp'],
  audio: ['audio/aac', 'audio/amr', 'audio/mpeg', 'audio/mp4', 'audio/ogg', 'audio/opus'],
  sticker: ['image/webp'],
}

/** One kind of file has several names; compared by the first. */
const SAME_TYPE = [
  ['audio/mp4', 'audio/x-m4a', 'video/mp4', 'video/quicktime'],
  ['audio/ogg', 'audio/opus', 'video/ogg', 'application/ogg'],
  ['audio/mpeg', 'audio/mp3'],
  ['video/3gpp', 'audio/3gpp', 'video/3gpp2'],
  ['image/jpeg', 'image/jpg'],
  ['application/zip', 'application/vnd.openxmlformats-officedocument.wordprocessingml.document'],
] as const

/** Shown in the page itself; everything else is a download. SVG and HTML never are. */
const INLINE = /^(image\/(jpeg|png|webp|gif)|audio\/|video\/)/
/** What a browser might run: refused as any kind but document, and as document only a download. */
const ACTIVE = /^(text\/html|image\/svg\+xml|application\/xhtml\+xml|text\/javascript|application\/javascript)/

/** `Image/JPEG; name=x` -> `image/jpeg`. */
export const bareType = (mimeType: string | null | undefined): string | null =>
  mimeType?.split(';')[0]?.trim().toLowerCase() || null

export type MediaProblem = {
  code: 'MEDIA_TOO_LARGE' | 'MEDIA_TYPE_NOT_ALLOWED' | 'MEDIA_TYPE_MISMATCH' | 'MEDIA_EMPTY'
  detail: string
}

/**
 * What is wrong with a file that shall be sent as `kind`, or null.
 * @param claimed the type that the sender names. @param found the type that the first bytes tell; null when they tell nothing.
 */
export function outboundProblem(
  kind: MediaKind,
  size: number,
  claimed: string | null,
  found: string | null,
): MediaProblem | null {
  if (size === 0) return { code: 'MEDIA_EMPTY', detail: 'the file is empty' }
  if (size > MAX_BYTES[kind]) return { code: 'MEDIA_TOO_LARGE', detail: `${kind}: at most ${MAX_BYTES[kind]} bytes` }
  const type = bareType(found) ?? bareType(claimed)
  if (type !== null && ACTIVE.test(type)) return { code: 'MEDIA_TYPE_NOT_ALLOWED', detail: `${type} cannot be sent` }
  if (kind === 'document') return null
  if (type === null || !TYPES[kind].some(allowed => isSameType(allowed, type)))
    return { code: 'MEDIA_TYPE_NOT_ALLOWED', detail: `${kind}: one of ${TYPES[kind].join(', ')}` }
  if (claimed !== null && found !== null && !isSameType(claimed, found))
    return { code: 'MEDIA_TYPE_MISMATCH', detail: `named ${bareType(claimed)}, but it is ${bareType(found)}` }
  return null
}

export function isSameType(a: string, b: string): boolean {
  return canonicalType(a) === canonicalType(b)
}

function canonicalType(mimeType: string): string {
  const type = bareType(mimeType) ?? ''
  return SAME_TYPE.find(names => (names as readonly string[]).includes(type))?.[0] ?? type
}

/** How a stored file is handed to a browser: the type it may be shown as, and whether in the page or as a download. */
export function servingHeaders(mimeType: string | null, filename: string | null): Record<string, string> {
  const type = bareType(mimeType) ?? 'application/octet-stream'
  const isInline = INLINE.test(type)
  const name = filename === null ? '' : `; filename*=UTF-8''${encodeURIComponent(filename).replace(/['()*]/g, escapeByte)}`
  return {
    'content-type': isInline || !ACTIVE.test(type) ? type : 'application/octet-stream',
    'content-disposition': `${isInline ? 'inline' : 'attachment'}${name}`,
    'x-content-type-options': 'nosniff',
    'content-security-policy': "default-src 'none'; sandbox",
  }
}

const escapeByte = (character: string) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`

export interface ByteRange {
  start: number
  /** Inclusive. */
  end: number
}

/**
 * `Range: bytes=…` of one range. Null: none was asked for (or several, which may be answered whole).
 * 'unsatisfiable': 416.
 */
export function parseRange(header: string | undefined, size: number): ByteRange | null | 'unsatisfiable' {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header?.trim() ?? '')
  if (match === null || (match[1] === '' && match[2] === '')) return null
  const [, first, last] = match as unknown as [string, string, string]
  if (first === '')
    return Number(last) === 0 || size === 0 ? 'unsatisfiable' : { start: Math.max(0, size - Number(last)), end: size - 1 }
  const start = Number(first)
  const end = last === '' ? size - 1 : Math.min(Number(last), size - 1)
  if (start >= size) return 'unsatisfiable'
  return start > end ? null : { start, end }
}

/** Meta gives SHA-256 as base64 or as hex: compared either way. True when nothing was claimed. */
export function hashMatches(claimed: string | null, sha256: Buffer): boolean {
  if (!claimed) return true
  return (
    claimed === sha256.toString('base64') ||
    claimed.toLowerCase() === sha256.toString('hex') ||
    !/^([0-9a-f]{64}|[A-Za-z0-9+/]{43}=)$/i.test(claimed)
  )
}

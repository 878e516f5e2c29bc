import { fileNameOf } from './file-name.ts'

/** Media kinds of the Cloud API. @see https://developers.facebook.com/docs/whatsapp/cloud-api/reference/media */
export const MEDIA_KINDS = ['image', 'video', 'audio', 'document', 'sticker'] as const
export type MediaKind = (typeof MEDIA_KINDS)[number]

/** Largest file that Meta delivers, of any kind. */
export const MAX_INBOUND_BYTES = 100 * 1024 * 1024

/** MIME types that name the same kind of file; each group is compared by its first name. */
const SAME_TYPE = [
  ['audio/mp4', 'audio/m4a', 'audio/x-m4a', 'video/mp4', 'video/x-m4v', 'video/quicktime'],
  ['audio/ogg', 'audio/opus', 'video/ogg', 'application/ogg'],
  ['audio/mpeg', 'audio/mp3'],
  ['video/3gpp', 'audio/3gpp', 'video/3gpp2'],
  ['image/jpeg', 'image/jpg'],
] as const

/** Names that browsers, phones and the `file` command give to types that have a usual name. */
const USUAL_NAMES: Readonly<Record<string, string>> = {
  'image/jpg': 'image/jpeg',
  'image/pjpeg': 'image/jpeg',
  'audio/mp3': 'audio/mpeg',
  'audio/mpeg3': 'audio/mpeg',
  'audio/x-mpeg': 'audio/mpeg',
  'audio/x-mp3': 'audio/mpeg',
  'audio/m4a': 'audio/mp4',
  'audio/x-m4a': 'audio/mp4',
  'audio/x-aac': 'audio/aac',
  'audio/aacp': 'audio/aac',
  // Meta takes an upload called audio/opus and fails its message later, with 131053.
  'audio/opus': 'audio/ogg',
  'application/ogg': 'audio/ogg',
  'video/x-m4v': 'video/mp4',
  'video/3gp': 'video/3gpp',
  'application/x-pdf': 'application/pdf',
}
export const OTHER_NAMES: readonly string[] = Object.keys(USUAL_NAMES)
/** Names that say nothing of what is in a file: of browsers that do not know Office, and of download programs. */
export const GENERIC_TYPES: readonly string[] = [
  ...['application/octet-stream', 'binary/octet-stream', 'application/zip', 'application/x-zip', 'application/x-zip-compressed'],
  ...['application/download', 'application/force-download'],
]
const isGeneric = (type: string) => GENERIC_TYPES.includes(type)

/** Types that a browser shows in the page; all others, SVG and HTML among them, are downloads. */
const INLINE = /^(image\/(jpeg|png|webp|gif)|audio\/|video\/)/
/** Types that a browser might execute: served as `application/octet-stream`. */
const ACTIVE = /^(text\/html|image\/svg\+xml|application\/xhtml\+xml|text\/javascript|application\/javascript)/

/** Type and subtype as RFC 6838 spells them. */
const MIME_TYPE = /^[a-z0-9][\w!#$&^.+-]{0,126}\/[a-z0-9][\w!#$&^.+-]{0,126}$/

/** `Image/JPEG; name=x` -> `image/jpeg`. Null for what is no MIME type, such as one with a line break: no header may hold it. */
export function bareType(mimeType: string | null | undefined): string | null {
  const type = mimeType?.split(';')[0]?.trim().toLowerCase() ?? ''
  return MIME_TYPE.test(type) ? type : null
}

/** A type from outside with its parameters (`audio/ogg; codecs=opus`) as it is stored; null for what no header may hold. */
export const storedType = (mimeType: string | null): string | null =>
  mimeType !== null && /^[\x20-\x7e]{1,255}$/.test(mimeType) && bareType(mimeType) !== null ? mimeType : null

/** Type by its usual name, without parameters; null for what is no MIME type. */
export function usualType(mimeType: string | null | undefined): string | null {
  const type = bareType(mimeType)
  return type === null ? null : (USUAL_NAMES[type] ?? type)
}

/** Type that a sender names; null for one that says nothing. */
export function namedType(mimeType: string | null | undefined): string | null {
  const type = usualType(mimeType)
  return type === null || isGeneric(type) ? null : type
}

/**
 * Type by which a customer's file is kept and served: what its bytes are, whatever its label says. The label counts where the bytes
 * show nothing, or only a container that such a file has.
 * @param found type by the bytes
 */
export function receivedType(label: string | null, found: string | null): string {
  const named = namedType(label)
  const type = usualType(found)
  if (named === null || type === null) return named ?? type ?? 'application/octet-stream'
  return isSameType(named, type) || isContainerOf(type, named) ? named : type
}

const isContainerOf = (container: string, type: string) =>
  (container === 'application/zip' && /officedocument|opendocument|ms-(word|excel|powerpoint)|epub|\bapk\b/.test(type)) ||
  (container === 'application/x-cfb' && /officedocument|msword|ms-(excel|powerpoint|outlook|project)|visio/.test(type))

export function isSameType(a: string, b: string): boolean {
  return canonicalType(a) === canonicalType(b)
}

function canonicalType(mimeType: string): string {
  const type = bareType(mimeType) ?? ''
  return SAME_TYPE.find(names => (names as readonly string[]).includes(type))?.[0] ?? type
}

/** Response headers for a stored file: its type, and whether the browser shows it in the page or downloads it. */
export function servingHeaders(mimeType: string | null, filename: string | null): Record<string, string> {
  const type = bareType(mimeType) ?? 'application/octet-stream'
  const isInline = INLINE.test(type)
  // Rows of earlier versions hold names as they came.
  const shown = fileNameOf(filename)
  const name = shown === null ? '' : `; filename*=UTF-8''${encodeURIComponent(shown).replace(/['()*]/g, escapeByte)}`
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
 * The single range of a `Range: bytes=…` header. Null without one, and for several ranges: the whole file is the answer.
 * 'unsatisfiable' asks for status 416.
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

/** Whether the SHA-256 that Meta names, as base64 or hex, matches. True when Meta names none or something that is no hash. */
export function hashMatches(claimed: string | null, sha256: { toString(encoding: 'base64' | 'hex'): string }): boolean {
  if (!claimed) return true
  return (
    claimed === sha256.toString('base64') ||
    claimed.toLowerCase() === sha256.toString('hex') ||
    !/^([0-9a-f]{64}|[A-Za-z0-9+/]{43}=)$/i.test(claimed)
  )
}

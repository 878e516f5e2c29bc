import { fileNameOf } from './file-name.ts'

/** Media kinds of the Cloud API. @see https://developers.facebook.com/docs/whatsapp/cloud-api/reference/media */
export const MEDIA_KINDS = ['image', 'video', 'audio', 'document', 'sticker'] as const
export type MediaKind = (typeof MEDIA_KINDS)[number]

/** Largest file that Meta delivers, of any kind. */
export const MAX_INBOUND_BYTES = 100 * 1024 * 1024

/** MIME types that name the same kind of file; each group is compared by its first name. */
const SAME_TYPE = [
  ['audio/mp4', 'audio/x-m4a', 'video/mp4', 'video/quicktime'],
  ['audio/ogg', 'audio/opus', 'video/ogg', 'application/ogg'],
  ['audio/mpeg', 'audio/mp3'],
  ['video/3gpp', 'audio/3gpp', 'video/3gpp2'],
  ['image/jpeg', 'image/jpg'],
  ['application/zip', 'application/vnd.openxmlformats-officedocument.wordprocessingml.document'],
] as const

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

const UUID = /\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/.source
/** 10 to 15 digits that are no part of a word or of a longer number, whatever punctuation stands beside them. */
const PHONE = /(?<![0-9A-Za-z_])\+?\d{6,11}(?<last>\d{4})(?![0-9A-Za-z_])/.source
/** A number in international form with separators, such as `+212 661-000101`. */
const SPACED_PHONE = /\+\d(?:[ ().-]*\d){4,9}(?<end>(?:[ ().-]*\d){4})(?!\d)/.source

const SCRUBS: [RegExp, string | ((...found: string[]) => string)][] = [
  [/\bBearer\s+[\w.~+/=-]+/g, 'Bearer [token]'],
  [/\bEAA[A-Za-z0-9]{4,}/g, '[token]'],
  [/\beyJ[\w-]+\.[\w-]+\.[\w-]*/g, '[jwt]'],
  [/\blk_[A-Za-z0-9]+_[A-Za-z0-9]+/g, '[key]'],
  [/\b(access_token|refresh_token|token|secret|password|api_?key|signature)=[^\s&"'\\]+/gi, '$1=[secret]'],
  [/\/\/([^/:@\s"]+):([^@\s"]+)@/g, '//$1:[secret]@'],
  // Meta's ids of messages hold the phone number in base64, in front of their last part.
  [/\bwamid\.[A-Za-z0-9+/=_-]{13,}/g, id => `wamid.…${(id as string).slice(-12)}`],
  [new RegExp(SPACED_PHONE, 'g'), number => `…${(number as string).replace(/\D/g, '').slice(-4)}`],
  [new RegExp(`(?<uuid>${UUID})|${PHONE}`, 'gi'), (found, uuid) => uuid ?? `…${(found as string).slice(-4)}`],
]

/**
 * Text without tokens, keys and passwords, and with all but four digits of phone numbers left out, also of those within ids:
 * `s:wamid.…:read:…0000:…0101:`. Times in ids look like phone numbers and are shortened too.
 */
export function scrub(text: string): string {
  return SCRUBS.reduce((clean, [pattern, replacement]) => clean.replace(pattern, replacement as string), text)
}

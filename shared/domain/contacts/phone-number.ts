import { type CountryCode, type PhoneNumber, parsePhoneNumberFromString } from 'libphonenumber-js'

export interface ParsedPhone {
  /** E.164 digits without `+`, Meta's id of a person. */
  waId: string
  /** ISO 3166 alpha-2; null where several countries share the calling code and the number belongs to none of them clearly. */
  country: string | null
}

/**
 * Parses a phone number in any usual form: `+212 661-000101`, `00212661000101`, `212661000101`, or nationally `0661000101`.
 * Null for a text that cannot be one.
 * @param home E.164 digits of the business's own number, whose country a national form belongs to.
 */
export function parsePhone(text: string, home: string | null = null): ParsedPhone | null {
  const given = text.trim()
  if (given.length > 40 || !/^[+\d\s().\-/]+$/.test(given)) return null
  const candidates = candidatesOf(given, home).filter(candidate => candidate?.isPossible() === true) as PhoneNumber[]
  const best = candidates.find(candidate => candidate.isValid()) ?? candidates[0]
  return best ? { waId: best.number.slice(1), country: best.country ?? null } : null
}

/** Readings of a number, the likeliest first: digits alone may be international or national. */
function candidatesOf(given: string, home: string | null): (PhoneNumber | undefined)[] {
  if (given.startsWith('+')) return [parsePhoneNumberFromString(given)]
  const digits = given.replace(/\D/g, '')
  if (digits.startsWith('00')) return [parsePhoneNumberFromString(`+${digits.slice(2)}`)]
  const country = home === null ? null : countryOf(home)
  const national = country === null ? undefined : parsePhoneNumberFromString(digits, country as CountryCode)
  return digits.startsWith('0') ? [national] : [parsePhoneNumberFromString(`+${digits}`), national]
}

/** Country of a stored number; null when the digits belong to none clearly. */
export function countryOf(waId: string | null): string | null {
  return waId === null ? null : (parsePhoneNumberFromString(`+${waId}`)?.country ?? null)
}

/** Whether a text is a business-scoped user id, such as `MA.41982200731550066712`: a person's id for one business. */
export const isBusinessScopedId = (text: string): boolean => /^[A-Z]{2}\.(ENT\.)?[A-Za-z0-9]{4,128}$/.test(text)

import { type CountryCode, type PhoneNumber, parsePhoneNumberFromString } from 'libphonenumber-js'

export interface ParsedPhone {
  /** E.164 digits without `+`, as Meta names a person. */
  waId: string
  /** ISO 3166 alpha-2; null where several countries share the code and the number does not tell. */
  country: string | null
}

/**
 * A phone number in any usual form: `+212 661-000101`, `00212661000101`, `212661000101`, or `0661000101` as it is dialled at
 * home. Null for what cannot be one.
 * @param home E.164 digits of the business's own number, whose country a national form is read in.
 */
export function parsePhone(text: string, home: string | null = null): ParsedPhone | null {
  const given = text.trim()
  if (given.length > 40 || !/^[+\d\s().\-/]+$/.test(given)) return null
  const candidates = candidatesOf(given, home).filter(candidate => candidate?.isPossible() === true) as PhoneNumber[]
  const best = candidates.find(candidate => candidate.isValid()) ?? candidates[0]
  return best ? { waId: best.number.slice(1), country: best.country ?? null } : null
}

/** Digits alone may be a whole number or a national one: the first that is valid wins. */
function candidatesOf(given: string, home: string | null): (PhoneNumber | undefined)[] {
  if (given.startsWith('+')) return [parsePhoneNumberFromString(given)]
  const digits = given.replace(/\D/g, '')
  if (digits.startsWith('00')) return [parsePhoneNumberFromString(`+${digits.slice(2)}`)]
  const country = home === null ? null : countryOf(home)
  const national = country === null ? undefined : parsePhoneNumberFromString(digits, country as CountryCode)
  return digits.startsWith('0') ? [national] : [parsePhoneNumberFromString(`+${digits}`), national]
}

/** Country of a number that is stored; null when the digits do not tell. */
export function countryOf(waId: string | null): string | null {
  return waId === null ? null : (parsePhoneNumberFromString(`+${waId}`)?.country ?? null)
}

/** `MA.41982200731550066712`: a person whom Meta names to this business alone, without a phone number. */
export const isBusinessScopedId = (text: string): boolean => /^[A-Z]{2}\.(ENT\.)?[A-Za-z0-9]{4,128}$/.test(text)

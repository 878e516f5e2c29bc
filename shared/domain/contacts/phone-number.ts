import { type CountryCode, type PhoneNumber, parsePhoneNumberFromString } from 'libphonenumber-js'
import { parsePhoneNumberFromString as parseStrictly } from 'libphonenumber-js/max'
import { rowProblem } from '../row-problems.ts'
import type { Sentence } from '../sentence.ts'
import { type Dialled, NOT_VALID, readSpelling, SEVERAL } from './phone-spelling.ts'

export interface ParsedPhone {
  /** E.164 digits without `+`, Meta's id of a person. */
  waId: string
  /** ISO 3166 alpha-2; null where several countries share the calling code and the number belongs to none of them clearly. */
  country: string | null
}

const AMBIGUOUS = rowProblem('phone-ambiguous')

/**
 * Parses a phone number in any usual form: `+212 661-000101`, `00212661000101`, `212661000101`, or nationally `0661000101`. Digits
 * of other scripts, invisible characters and a spreadsheet's `.0` are understood. Null for a text that cannot be a number or could
 * be two; `readPhone` says why.
 * @param home E.164 digits of the business's own number, whose country a national form belongs to.
 */
export function parsePhone(text: string, home: string | null = null): ParsedPhone | null {
  const read = readPhone(text, home)
  return 'problem' in read ? null : read
}

/** As `parsePhone`, with a sentence that says what is wrong with a refused number. */
export function readPhone(text: string, home: string | null = null): ParsedPhone | { problem: Sentence } {
  const spelling = readSpelling(text)
  if ('problem' in spelling) return spelling
  if (spelling.parts.some(part => readingsOf(part, home).some(isValid))) return { problem: SEVERAL }
  const readings = readingsOf(spelling, home)
  const valid = readings.filter(isValid)
  // New ranges of numbers are possible before they are known to be valid.
  const [first, second = first] = valid.length > 0 || spelling.isMended ? valid : readings
  if (first === undefined) return { problem: NOT_VALID }
  if (second?.number !== first.number && !isOfHome(first, home)) return { problem: AMBIGUOUS }
  const waId = first.number.slice(1)
  return { waId, country: countryOf(waId) }
}

const isValid = (reading: PhoneNumber) => reading.isValid()

/** Whether digits begin with the country code of the business: they are read as international even if they could be national. */
const isOfHome = ({ countryCallingCode }: PhoneNumber, home: string | null) => home?.startsWith(countryCallingCode) === true

/** Possible readings of a number, the likeliest first: digits alone may be international or national. */
function readingsOf(
  { digits, isInternational }: Pick<Dialled, 'digits' | 'isInternational'>,
  home: string | null,
): PhoneNumber[] {
  const international = isInternational || !digits.startsWith('0') ? parseStrictly(`+${digits}`) : undefined
  const country = home === null || isInternational ? null : countryOf(home)
  const national = country === null ? undefined : parseStrictly(digits, country as CountryCode)
  return [international, national].filter(reading => reading?.isPossible() === true) as PhoneNumber[]
}

/** Country of a stored number; null when the digits belong to none clearly. */
export function countryOf(waId: string | null): string | null {
  return waId === null ? null : (parsePhoneNumberFromString(`+${waId}`)?.country ?? null)
}

/** Whether a text is a business-scoped user id, such as `MA.41982200731550066712`: a person's id for one business. */
export const isBusinessScopedId = (text: string): boolean => /^[A-Z]{2}\.(ENT\.)?[A-Za-z0-9]{4,128}$/.test(text)

import { rowProblem } from '../row-problems.ts'
import type { Sentence } from '../sentence.ts'

/**
 * How people and programs write phone numbers: with digits of other scripts, with characters that show nothing, or as numbers of a
 * spreadsheet. What can mean only one number is mended, everything else is refused.
 */

/** Digits of a spelling. `isInternational`: a `+` or `00` said that they begin with a country code; it is not among the digits. */
export interface Dialled {
  digits: string
  isInternational: boolean
  /** Whether a fraction was cut off or an exponent resolved: then it must be a valid number, not only a possible one. */
  isMended: boolean
  /** What stands in front of a `/` or a bracket: if that is a whole number by itself, the rest belongs to something else. */
  parts: readonly Digits[]
}
type Digits = Pick<Dialled, 'digits' | 'isInternational'>
/** Why a spelling is refused, as a sentence for whoever wrote it. */
export interface RefusedSpelling {
  problem: Sentence
}

export const NOT_VALID = rowProblem('phone-invalid')
const EXPONENT = rowProblem('phone-exponent')
const FRACTION = rowProblem('phone-fraction')
const REVERSED = rowProblem('phone-reversed')
export const SEVERAL = rowProblem('phone-several')

const MOST_LENGTH = 40
const RIGHT_TO_LEFT_OVERRIDE = '\u202e'

/** Text with ASCII digits and punctuation, and without characters that show nothing. */
export function plainText(text: string): string {
  return text
    .replace(/\p{Default_Ignorable_Code_Point}/gu, '')
    .replace(/\p{Nd}/gu, digit => String(digitValue(digit)))
    .replace(/[\p{Pd}\u2212]/gu, '-')
    .replace(/[\p{Zs}\t\u00b7\u2022\u2027\u2219\u30fb]/gu, ' ')
    .replace(/[\uff0b\ufe62\u066b\u066c\uff08\uff09\uff0c\uff0e\uff0f\u2018\u2019\u02bc\uff07]/g, one => ASCII[one] ?? one)
    .trim()
}

const ASCII: Readonly<Record<string, string>> = {
  '\uff0b': '+',
  '\ufe62': '+',
  '\u066b': '.',
  '\u066c': ',',
  '\uff08': '(',
  '\uff09': ')',
  '\uff0c': ',',
  '\uff0e': '.',
  '\uff0f': '/',
  '\u2018': "'",
  '\u2019': "'",
  '\u02bc': "'",
  '\uff07': "'",
}

/** Value of a decimal digit of any script: each has its ten digits in order, and nothing but digits beside them. */
function digitValue(digit: string): number {
  const code = digit.codePointAt(0) as number
  let zero = code
  while (/\p{Nd}/u.test(String.fromCodePoint(zero - 1))) zero--
  return (code - zero) % 10
}

/** Reads the digits of a phone number that is written in any usual form. */
export function readSpelling(text: string): Dialled | RefusedSpelling {
  if (text.includes(RIGHT_TO_LEFT_OVERRIDE)) return { problem: REVERSED }
  const plain = plainText(text)
  // A spreadsheet's mark of a text, and the schemes of links and of Twilio.
  const bare = plain.replace(/^'(?=[+\d(])/, '').replace(/^(tel|whatsapp):\s*(?=[+\d(])/i, '')
  const whole = withoutExponent(bare)
  if (typeof whole !== 'string') return whole
  const number = withoutFraction(whole)
  if (typeof number !== 'string') return number
  if (number.length > MOST_LENGTH || !/^\(?\+?[\d(][\d ().\-/]*$/.test(number))
    return { problem: HOLDS_SEVERAL.test(bare) ? SEVERAL : NOT_VALID }
  const ends = [...number.matchAll(/[/(]/g)].flatMap(({ index }) => (index === 0 ? [] : index))
  const isMended = number.replace(/\D/g, '') !== bare.replace(/\D/g, '')
  return { ...dialled(number), isMended, parts: ends.map(end => dialled(number.slice(0, end))) }
}

/** Two groups of at least six digits with a separator of lists between them. */
const HOLDS_SEVERAL = /\d{6}\D*[,;:|/\r\n]\D*\d{6}/

function dialled(number: string): Digits {
  const digits = number.replace(/\D/g, '')
  if (number.includes('+')) return { digits, isInternational: true }
  return digits.startsWith('00') ? { digits: digits.slice(2), isInternational: true } : { digits, isInternational: false }
}

/** `2.12661000101E+11` is whole: it shows every digit. A shorter one has been rounded. */
function withoutExponent(text: string): string | RefusedSpelling {
  const match = /^(\+?\d+)(?:[.,](\d+))?e\+?(\d{1,3})$/i.exec(text)
  if (match === null) return text
  const [, whole = '', fraction = '', exponent] = match
  return fraction.length === Number(exponent) && fraction !== '' ? whole + fraction : { problem: EXPONENT }
}

const THOUSANDS = /^\+?\d{1,3}(?:([ .,'])\d{3})(?:\1\d{3})+$/

/** Number without the zeros behind a decimal point, and without commas between thousands. */
function withoutFraction(text: string): string | RefusedSpelling {
  const match = /^([^.]*)\.(\d+)$|^([^,]*),(\d+)$/.exec(text)
  const whole = match?.[1] ?? match?.[3]
  const fraction = match?.[2] ?? match?.[4]
  if (whole !== undefined && fraction !== undefined) {
    const isNumber = /^\+?\d+$/.test(whole) || THOUSANDS.test(whole)
    if (/^0+$/.test(fraction)) return isNumber ? withoutThousands(whole) : { problem: FRACTION }
    const isFraction = text.includes(',') || (/^\+?\d+$/.test(whole) && (whole.length >= 8 || fraction.length <= 2))
    if (isFraction && isNumber && !THOUSANDS.test(text)) return { problem: FRACTION }
  }
  return withoutThousands(text)
}

const withoutThousands = (text: string) => (THOUSANDS.test(text) ? text.replace(/[,']/g, '') : text)

import { NOT_VALID, plainText, readSpelling } from '../domain/contacts/phone-spelling.ts'

/**
 * A search input for `$regex`. `text`: the input, escaped, so that it is no pattern. `digits`: its digits without leading zeros,
 * which match a part of a stored number with country code, whether typed in national or international form; null for fewer than 3
 * digits, and for a number that was damaged by a spreadsheet, whose digits may be somebody else's.
 */
export function searchPattern(q: string): { text: string; digits: string | null } {
  const spelling = readSpelling(q)
  const given = 'digits' in spelling ? spelling.digits : spelling.problem === NOT_VALID ? plainText(q).replace(/\D/g, '') : ''
  const digits = given.replace(/^0+/, '')
  return { text: q.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'), digits: digits.length >= 3 ? digits : null }
}

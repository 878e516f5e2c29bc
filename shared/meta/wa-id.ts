import { readSpelling } from '../domain/contacts/phone-spelling.ts'
import { text } from './json.ts'

/**
 * WhatsApp id in a number that Meta hands on as a person or a phone book has it: its digits with the country code. Null where that is
 * missing: a national number names nobody without its country.
 */
export function waIdIn(number: unknown): string | null {
  const spelling = readSpelling((text(number) ?? '').replace(/\(0\)/, ''))
  return 'digits' in spelling && /^[1-9]\d{4,14}$/.test(spelling.digits) ? spelling.digits : null
}

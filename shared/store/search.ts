/**
 * What somebody typed into a search, for `$regex`: the text itself, no pattern, and its digits if they may be a part of a
 * phone number, as it is dialled at home or abroad (stored ones begin with the country code).
 */
export function searchPattern(q: string): { text: string; digits: string | null } {
  const digits = q.replace(/\D/g, '').replace(/^0+/, '')
  return { text: q.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'), digits: digits.length >= 3 ? digits : null }
}

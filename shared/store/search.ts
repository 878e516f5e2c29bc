/**
 * A search input for `$regex`. `text`: the input, escaped, so that it is no pattern. `digits`: its digits without leading zeros,
 * which match a part of a stored number with country code, whether typed in national or international form; null for fewer than 3
 * digits.
 */
export function searchPattern(q: string): { text: string; digits: string | null } {
  const digits = q.replace(/\D/g, '').replace(/^0+/, '')
  return { text: q.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'), digits: digits.length >= 3 ? digits : null }
}

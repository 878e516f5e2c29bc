const DELIMITERS = [',', ';', '\t'] as const

/** What parts the cells of a CSV: the one of comma, semicolon and tab that its first line holds most of, quoted cells left out. */
export function delimiterOf(head: string): (typeof DELIMITERS)[number] {
  const [line = ''] = head.replace(/"[^"]*"?/g, '').split(/\r?\n/, 1)
  const count = (delimiter: string) => line.split(delimiter).length
  return DELIMITERS.reduce((best, one) => (count(one) > count(best) ? one : best))
}

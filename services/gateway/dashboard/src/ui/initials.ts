/** At most two first letters of a name, as people write them; null when it has none, such as a phone number. */
export function initialsOf(name: string | null): string | null {
  const words = (name ?? '')
    .replace(/^@/, '')
    .split(/[\s.-]+/)
    .filter(word => /^\p{L}/u.test(word))
  const [first, last] = [words[0], words.length > 1 ? words.at(-1) : undefined]
  if (first === undefined) return null
  // Arabic letters would join into one shape.
  return [first, ...(last ? [last] : [])].map(firstLetter).join('\u200c')
}

const segments = new Intl.Segmenter()
const firstLetter = (word: string) => segments.segment(word).containing(0)?.segment.toLocaleUpperCase() ?? ''

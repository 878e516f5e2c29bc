/** Somebody whom a note can name. */
interface Named {
  id: string
  name: string
}

/** A part of a note: words, or a person who is named by them. */
export type NotePart<Person> = string | { person: Person; text: string }

/**
 * Splits a note at the people that it names: an @ that begins a word, and a name behind it. Of names that begin alike the longest
 * one counts, so that “@Sara Alaoui” does not name Sara.
 */
export function readMentions<Person extends Named>(text: string, people: readonly Person[]): NotePart<Person>[] {
  const longestFirst = people.filter(({ name }) => name !== '').toSorted((a, b) => b.name.length - a.name.length)
  const parts: NotePart<Person>[] = []
  let from = 0
  for (const { index } of text.matchAll(/(?<![\p{L}\p{N}@])@/gu)) {
    if (index < from) continue
    const person = longestFirst.find(({ name }) => isNamedAt(text, index + 1, name))
    if (person === undefined) continue
    if (index > from) parts.push(text.slice(from, index))
    from = index + 1 + person.name.length
    parts.push({ person, text: text.slice(index, from) })
  }
  if (from < text.length) parts.push(text.slice(from))
  return parts
}

/** Ids of the people whom a note names, each once. */
export const mentionedIn = (text: string, people: readonly Named[]): string[] => [
  ...new Set(readMentions(text, people).flatMap(part => (typeof part === 'string' ? [] : [part.person.id]))),
]

function isNamedAt(text: string, at: number, name: string): boolean {
  const found = text.slice(at, at + name.length)
  if (found.localeCompare(name, undefined, { sensitivity: 'accent' }) !== 0) return false
  return !/^[\p{L}\p{N}]/u.test(text.slice(at + name.length))
}

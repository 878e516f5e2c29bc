/** Words of the project's first days that the glossary replaced: `docs/glossary.md` has the present ones. */
const WORDS = String.raw`\b(bells?|rung|wish(es)?|keepers?|chores?|hasten(s|ed)?|taught|lanes?|threads?|judge[sd]?|seed 00\d)\b`

/** What must keep such a word: names on the wire, of Meta and of other fields. */
const KEPT = [
  'linko.send-bell.v1', // the type of send jobs in queues that run
  'part.threads', // Meta's history webhook, and the paths and fixtures that follow it
  'history.threads.id',
  'threads: [',
  'metadata, threads',
  'const threads = people',
  'one lane, with its own salt', // argon2
]

/** @returns the retired words of a text */
export function retiredWords(text: string): string[] {
  const rest = KEPT.reduce((left, kept) => left.replaceAll(kept, ''), text)
  return [...rest.matchAll(new RegExp(WORDS, 'gi'))].map(([word]) => word)
}

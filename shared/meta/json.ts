/** JSON of unknown shape; the readers here return what is there, or an empty value. */
export type Json = Record<string, unknown>

export const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)

export const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? value : [])

/** Non-empty text, or a number as text; null for anything else. */
export function text(value: unknown): string | null {
  if (typeof value === 'string') return value === '' ? null : value
  return typeof value === 'number' && Number.isFinite(value) ? String(value) : null
}

/** One or several of a thing, which Meta writes with or without a list around it. */
export const oneOrMore = (value: unknown): unknown[] => (Array.isArray(value) ? value : value == null ? [] : [value])

/** A value in which each list of one text or number is that text or number: Meta has written states in both forms. */
export function unlisted(value: Json): Json {
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, plainMember(member)]))
}

function plainMember(member: unknown): unknown {
  if (isObject(member)) return unlisted(member)
  if (!Array.isArray(member)) return member
  const [only] = member
  return member.length === 1 && (typeof only === 'string' || typeof only === 'number') ? only : member
}

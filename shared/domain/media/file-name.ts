const MOST_LENGTH = 240

/** Control characters, line and paragraph separators, marks that change the direction of what follows, and the BOM. */
const UNSHOWN = /[\p{Cc}\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/gu

/**
 * A file name from outside as it is stored, shown, and sent: the last part of a path, on one line, in the direction in which it
 * was written, at most 240 UTF-16 units. Null when nothing is left.
 */
export function fileNameOf(given: string | null | undefined): string | null {
  const last = (given ?? '').split(/[/\\]/).at(-1) ?? ''
  const name = last.toWellFormed().replace(UNSHOWN, '').trim()
  if (/^\.*$/.test(name)) return null
  return cut(name)
}

/** Cuts a name without halving a character; its extension stays. */
function cut(name: string): string {
  if (name.length <= MOST_LENGTH) return name
  const extension = /\.\w{1,10}$/.exec(name)?.[0] ?? ''
  const kept = name.slice(0, MOST_LENGTH - extension.length)
  return (kept.isWellFormed() ? kept : kept.slice(0, -1)) + extension
}

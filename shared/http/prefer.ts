/**
 * For how many seconds a caller would wait for the outcome: `Prefer: wait=5`, among other preferences or alone; null when it
 * does not say. The first one counts, and none is longer than `most`.
 * @see https://www.rfc-editor.org/rfc/rfc7240#section-4.3
 */
export function preferredWait(prefer: string | undefined, most: number): number | null {
  for (const preference of (prefer ?? '').split(',')) {
    const match = /^\s*wait\s*=\s*"?(\d{1,9})"?\s*(?:;.*)?$/i.exec(preference)
    if (match) return Math.min(Number(match[1]), most) || null
  }
  return null
}

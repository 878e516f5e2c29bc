/**
 * Seconds that a caller waits for the outcome, from `Prefer: wait=5`, alone or among other preferences; null without one. The
 * first one counts, limited to `most`.
 * @see https://www.rfc-editor.org/rfc/rfc7240#section-4.3
 */
export function preferredWait(prefer: string | undefined, most: number): number | null {
  for (const preference of (prefer ?? '').split(',')) {
    const match = /^\s*wait\s*=\s*"?(\d{1,9})"?\s*(?:;.*)?$/i.exec(preference)
    if (match) return Math.min(Number(match[1]), most) || null
  }
  return null
}

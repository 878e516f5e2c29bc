/** `NEW` and `REPLAYING` (being returned to its queue) are open; the others are settled. */
export const DEAD_LETTER_STATES = ['NEW', 'REPLAYING', 'REPLAYED', 'DISCARDED'] as const
export type DeadLetterState = (typeof DEAD_LETTER_STATES)[number]
export const OPEN_STATES = ['NEW', 'REPLAYING'] as const satisfies DeadLetterState[]

const MAX_CAUSE = 200

/**
 * Cause that groups dead letters: the reason, and the first line of the error without the ids, numbers and quoted values that
 * differ from one to the next. At most 200 characters.
 */
export function causeOf(reason: string, error: string | null): string {
  const first = (error ?? '').split('\n', 1)[0]?.trim() ?? ''
  return withoutDetails(first === '' || reason.includes(first) ? reason : `${reason}: ${first}`)
}

const withoutDetails = (text: string) =>
  text
    .replace(/"[^"]*"|'[^']*'|`[^`]*`/g, '…')
    .replace(/\b(?:wamid\.\S+|[0-9a-f]{8,}(?:-[0-9a-f]+)*)/gi, '#')
    .replace(/\d+/g, '#')
    .replace(/\s+/g, ' ')
    .slice(0, MAX_CAUSE)
    .trim()

const DAY_MS = 86_400_000

/**
 * Whether a template was sent outside the customer service window, by what is known of the window now. If the person has
 * written since, the earlier window is unknown and the template counts: a limit kept too strictly does no harm.
 * @param windowExpiresAt the conversation's present value; null: the person never wrote
 */
export function wroteFirst(windowExpiresAt: Date | null | undefined, sentAt: Date): boolean {
  if (windowExpiresAt == null || windowExpiresAt <= sentAt) return true
  return windowExpiresAt.getTime() - DAY_MS > sentAt.getTime()
}

const DAY_MS = 86_400_000

/**
 * Whether a template went to somebody outside their window, by what is known of the window afterwards. Whoever has written since
 * then hides what was before: they count, for a limit that is kept too well does no harm.
 * @param windowExpiresAt of the conversation now; null: the person never wrote
 */
export function wroteFirst(windowExpiresAt: Date | null | undefined, sentAt: Date): boolean {
  if (windowExpiresAt == null || windowExpiresAt <= sentAt) return true
  return windowExpiresAt.getTime() - DAY_MS > sentAt.getTime()
}

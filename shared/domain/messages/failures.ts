interface Failure {
  /** Time of the message that failed. */
  at?: Date | null
  messageId?: { toString(): string } | null
}

/**
 * The failure that a conversation shows once another one is known: that of its newest message, whichever became known first. Of
 * one message it is the one that was given last.
 */
export function newestFailure<T extends Failure>(shown: T | null, given: T): T {
  if (shown === null || String(shown.messageId) === String(given.messageId)) return given
  const [before, after] = [shown.at?.getTime() ?? 0, given.at?.getTime() ?? 0]
  if (before !== after) return before > after ? shown : given
  return String(shown.messageId ?? '') > String(given.messageId ?? '') ? shown : given
}

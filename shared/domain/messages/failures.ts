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

/** The newest message of a conversation that has left. */
export interface LastSent {
  id: { toString(): string }
  /** Time of the message. */
  at: Date
}

/** What a conversation shows of failed messages, and the message that ends it. */
export interface FailureBanner<T extends Failure, S extends LastSent> {
  lastError: T | null
  lastSent: S | null
}

/** The banner after a message has failed: a failure from before the newest message that left is not shown any more. */
export function afterFailure<T extends Failure, S extends LastSent>(
  { lastError, lastSent }: FailureBanner<T, S>,
  failure: T,
): FailureBanner<T, S> {
  const isOver = lastSent !== null && isEnded(failure, lastSent)
  return { lastError: isOver && !isOf(failure, lastSent) ? lastError : newestFailure(lastError, failure), lastSent }
}

/** The banner after a message has left, whether its outcome becomes known before or after those of other messages. */
export function afterSending<T extends Failure, S extends LastSent>(
  { lastError, lastSent: before }: FailureBanner<T, S>,
  sent: S,
): FailureBanner<T, S> {
  const isNewer =
    before === null || sent.at > before.at || (sent.at.getTime() === before.at.getTime() && String(sent.id) > String(before.id))
  return { lastError: lastError && isEnded(lastError, sent) ? null : lastError, lastSent: isNewer ? sent : before }
}

const isOf = ({ messageId }: Failure, { id }: LastSent) => String(messageId) === String(id)

/** Whether the message that left is the failed one or a later one. */
function isEnded(failure: Failure, sent: LastSent): boolean {
  const failedAt = failure.at?.getTime() ?? 0
  if (isOf(failure, sent) || failedAt !== sent.at.getTime()) return isOf(failure, sent) || failedAt < sent.at.getTime()
  return String(failure.messageId ?? '') < String(sent.id)
}

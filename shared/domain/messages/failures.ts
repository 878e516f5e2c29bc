import { isLater } from '../is-later.ts'
import { type ErrorText, failureKeyOf } from './send-errors.ts'

interface Failure {
  /** Time of the message that failed. */
  at?: Date | null
  messageId?: { toString(): string } | null
}

/** A message that has left. */
export interface LastSent {
  id: { toString(): string }
  /** Time of the message. */
  at: Date
}

/** What a conversation shows of failed messages, and the newest message that has left, which ends what failed before it. */
export interface FailureBanner<T extends Failure, S extends LastSent> {
  lastError: T | null
  lastSent: S | null
}

/** The banner after a message has failed: a failure from before the newest message that left is not shown any more. */
export function afterFailure<T extends Failure, S extends LastSent>(
  { lastError, lastSent }: FailureBanner<T, S>,
  failure: T,
): FailureBanner<T, S> {
  const isOver = lastSent !== null && !isOf(failure, lastSent) && isLater(lastSent, placeOf(failure))
  return { lastError: isOver ? lastError : newestFailure(lastError, failure), lastSent }
}

/** The banner after a message has left, whether its outcome becomes known before or after those of other messages. */
export function afterSending<T extends Failure, S extends LastSent>(
  { lastError, lastSent }: FailureBanner<T, S>,
  sent: S,
): FailureBanner<T, S> {
  const isOver = lastError !== null && (isOf(lastError, sent) || isLater(sent, placeOf(lastError)))
  return { lastError: isOver ? null : lastError, lastSent: lastSent && !isLater(sent, lastSent) ? lastSent : sent }
}

/**
 * The failure that a conversation shows once another one is known: that of its newest message, whichever became known first. Of
 * one message it is the one that was given last.
 */
export function newestFailure<T extends Failure>(shown: T | null, given: T): T {
  if (shown === null || String(shown.messageId) === String(given.messageId)) return given
  return isLater(placeOf(shown), placeOf(given)) ? shown : given
}

const isOf = ({ messageId }: Failure, { id }: LastSent) => String(messageId) === String(id)
/** An error without a message, as it was stored formerly, comes before all. */
const placeOf = ({ messageId, at }: Failure) => ({ id: messageId ?? '', at: at ?? new Date(0) })

interface Outcome {
  sendAt: Date | null
  status: string
  error: Pick<ErrorText, 'source' | 'title'> | null
}

/** Whether a user cancelled a scheduled message before its time: nothing has failed. */
export const wasCancelled = ({ sendAt, status, error }: Outcome): boolean =>
  sendAt !== null && status === 'FAILED' && error !== null && failureKeyOf(error) === 'cancelled'

import { ApiError } from '#shared/domain/errors.ts'
import { expiryProblem } from '#shared/domain/messages/expiry.ts'

/**
 * The time after which a message is not sent any more, as its sender gives it; null for none.
 * @param dueAt when it may be sent first @throws ApiError 422 EXPIRES_AT_PAST, EXPIRES_AT_TOO_FAR
 */
export function expiryOf(given: string | Date | null | undefined, dueAt: Date): Date | null {
  if (given == null) return null
  const expiresAt = new Date(given)
  const problem = expiryProblem(expiresAt, dueAt)
  if (problem === 'past')
    throw new ApiError(422, 'EXPIRES_AT_PAST', '`expiresAt` is too early. Use a time after now and after `sendAt`.', {
      errors: [{ path: 'expiresAt', message: 'The message could not be sent before this time.' }],
    })
  if (problem === 'too-far')
    throw new ApiError(422, 'EXPIRES_AT_TOO_FAR', '`expiresAt` is too late. Use a time at most 30 days after the send.', {
      errors: [{ path: 'expiresAt', message: 'This time is more than 30 days after the send.' }],
    })
  return expiresAt
}

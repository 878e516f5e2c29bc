import { ApiError } from '#shared/domain/errors.ts'
import { type Sentence, sentenceKey } from '#shared/domain/sentence.ts'

/** Refusal of a new password. @param field that holds it */
export function weakPassword(field: string, problem: Sentence): ApiError {
  const key = sentenceKey(problem)
  const errors = [{ path: field, message: problem.text, messageKey: key }]
  return new ApiError(422, 'PASSWORD_WEAK', problem.text, { errors, detailKey: key })
}

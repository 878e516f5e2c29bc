import { ApiError } from '#shared/domain/errors.ts'
import type { ChangeRefusal } from '#shared/domain/templates/change.ts'
import type { GraphResult } from '#shared/meta/client.ts'
import { type Failure, passingFailure, refusalText, saidByMeta } from '../meta-failure.ts'

/** API error for a failed call to Meta. @param extra members of the problem document, such as the id of a remaining template */
export function metaFailure(result: Failure, extra: Record<string, unknown> = {}): ApiError {
  const passing = passingFailure(result, extra)
  if (passing) return passing
  if (result.kind === 'refused')
    return new ApiError(422, 'TEMPLATE_REFUSED', refusalText(result), { extra: { ...extra, ...saidByMeta(result) } })
  return new ApiError(502, 'META_OUTCOME_UNKNOWN', 'WhatsApp did not confirm the change. Run a sync to see its outcome.', {
    extra,
  })
}

const NOT_THERE = 33
const NAME_NOT_FOUND = 2593002

/** Whether Meta answered that the template does not exist. */
export const isNotThere = (result: GraphResult): boolean =>
  result.kind === 'refused' && result.error.code === 100 && [NOT_THERE, NAME_NOT_FOUND].includes(result.error.subcode ?? 0)

/** Turns the refusal of a domain rule into an error. @throws ApiError unless the refusal is null */
export function refuseBy(refusal: ChangeRefusal | null): void {
  if (refusal === null) return
  const { status, errorCode, message, retryAfterMs } = refusal
  const headers: Record<string, string> = retryAfterMs ? { 'retry-after': String(Math.ceil(retryAfterMs / 1000)) } : {}
  throw new ApiError(status, errorCode, message, { headers })
}

import { ApiError } from '#shared/domain/errors.ts'
import { describeError } from '#shared/domain/messages/send-errors.ts'
import type { ChangeRefusal } from '#shared/domain/templates/change.ts'
import type { GraphResult, Refused } from '#shared/meta/client.ts'

export type Failure = Exclude<GraphResult, { kind: 'ok' }>

/** API error for a failed call to Meta. @param extra members of the problem document, such as the id of a remaining template */
export function metaFailure(result: Failure, extra: Record<string, unknown> = {}): ApiError {
  if (result.kind === 'unknown')
    return new ApiError(502, 'META_OUTCOME_UNKNOWN', 'WhatsApp did not confirm the change. Run a sync to see its outcome.', {
      extra,
    })
  if (result.kind === 'unsent')
    return unavailable(result.retryAfterMs ?? 0, 'WhatsApp cannot be reached at the moment. Try again later.', extra)
  return refusal(result, extra)
}

const unavailable = (waitMs: number, detail: string, extra: Record<string, unknown>) =>
  new ApiError(503, 'META_UNAVAILABLE', detail, {
    headers: { 'retry-after': String(Math.max(5, Math.ceil(waitMs / 1000))) },
    extra,
  })

/** API error for a refusal by Meta, with Meta's codes and texts in `meta`. */
function refusal({ error, retryAfterMs, traceId }: Refused, extra: Record<string, unknown>): ApiError {
  const { class: kind, scope, known, sentence, nextStep, waitS } = describeError(error)
  const { code, subcode = null, title = null, detail = null } = error
  const meta = { code, subcode, title, detail, traceId }
  const own = known ? { sentence, nextStep } : {}
  if (kind === 'RETRY_LATER' || kind === 'RETRY')
    return unavailable(Math.max(retryAfterMs, (waitS ?? 0) * 1000), detail ?? sentence, { ...extra, ...own, meta })
  if (kind === 'PAUSE' && scope === 'token')
    return new ApiError(409, 'TOKEN_INVALID', sentence, { extra: { ...extra, ...own, meta } })
  return new ApiError(422, 'TEMPLATE_REFUSED', detail ?? title ?? sentence, { extra: { ...extra, ...own, meta } })
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

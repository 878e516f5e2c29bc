import { ApiError } from '#shared/domain/errors.ts'
import { describeError } from '#shared/domain/messages/send-errors.ts'
import type { ChangeRefusal } from '#shared/domain/templates/change.ts'
import type { GraphResult, Refused } from '#shared/meta/client.ts'

export type Failure = Exclude<GraphResult, { kind: 'ok' }>

/** What the caller is told when Meta did not do it. @param extra such as the template that stays behind */
export function metaFailure(result: Failure, extra: Record<string, unknown> = {}): ApiError {
  if (result.kind === 'unknown')
    return new ApiError(502, 'META_OUTCOME_UNKNOWN', 'WhatsApp did not say whether it took this: a sync will tell', { extra })
  if (result.kind === 'unsent') return later(result.retryAfterMs ?? 0, 'WhatsApp cannot be reached for the moment', extra)
  return refusal(result, extra)
}

const later = (waitMs: number, detail: string, extra: Record<string, unknown>) =>
  new ApiError(503, 'META_UNAVAILABLE', detail, {
    headers: { 'retry-after': String(Math.max(5, Math.ceil(waitMs / 1000))) },
    extra,
  })

/** Meta's own code and words, whatever they are worth. */
function refusal({ error, retryAfterMs, traceId }: Refused, extra: Record<string, unknown>): ApiError {
  const { class: kind, scope, known, sentence, nextStep, waitS } = describeError(error)
  const { code, subcode = null, title = null, detail = null } = error
  const meta = { code, subcode, title, detail, traceId }
  const own = known ? { sentence, nextStep } : {}
  if (kind === 'RETRY_LATER' || kind === 'RETRY')
    return later(Math.max(retryAfterMs, (waitS ?? 0) * 1000), detail ?? sentence, { ...extra, ...own, meta })
  if (kind === 'PAUSE' && scope === 'token')
    return new ApiError(409, 'TOKEN_INVALID', sentence, { extra: { ...extra, ...own, meta } })
  return new ApiError(422, 'TEMPLATE_REFUSED', detail ?? title ?? sentence, { extra: { ...extra, ...own, meta } })
}

const NOT_THERE = 33
const NAME_NOT_FOUND = 2593002

/** Meta has no such template. */
export const isNotThere = (result: GraphResult): boolean =>
  result.kind === 'refused' && result.error.code === 100 && [NOT_THERE, NAME_NOT_FOUND].includes(result.error.subcode ?? 0)

/** A rule of the domain, as an answer. */
export function refuseBy(refusal: ChangeRefusal | null): void {
  if (refusal === null) return
  const { status, errorCode, message, retryAfterMs } = refusal
  const headers: Record<string, string> = retryAfterMs ? { 'retry-after': String(Math.ceil(retryAfterMs / 1000)) } : {}
  throw new ApiError(status, errorCode, message, { headers })
}

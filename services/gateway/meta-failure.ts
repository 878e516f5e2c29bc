import { ApiError } from '#shared/domain/errors.ts'
import { describeError } from '#shared/domain/messages/send-errors.ts'
import type { GraphResult, Refused } from '#shared/meta/client.ts'

export type Failure = Exclude<GraphResult, { kind: 'ok' }>

/** Members of a problem document that say what Meta refused: its codes and texts in `meta`, ours where the code is known. */
export function saidByMeta({ error, traceId }: Refused): Record<string, unknown> {
  const { known, sentence, nextStep } = describeError(error)
  const { code, subcode = null, title = null, detail = null } = error
  return { ...(known && { sentence, nextStep }), meta: { code, subcode, title, detail, traceId } }
}

/**
 * API error for a call that was not executed for a reason that has nothing to do with what was asked: Meta cannot be reached, its
 * limits, or the token. Null for any other failure. @param extra members of the problem document
 */
export function passingFailure(result: Failure, extra: Record<string, unknown> = {}): ApiError | null {
  if (result.kind === 'unknown') return null
  if (result.kind === 'unsent')
    return unavailable(result.retryAfterMs ?? 0, 'WhatsApp cannot be reached at the moment. Try again later.', extra)
  const { class: kind, scope, sentence, waitS, detail } = describeError(result.error)
  const said = { ...extra, ...saidByMeta(result) }
  if (kind === 'RETRY_LATER' || kind === 'RETRY')
    return unavailable(Math.max(result.retryAfterMs, (waitS ?? 0) * 1000), detail ?? sentence, said)
  if (kind === 'PAUSE' && scope === 'token') return new ApiError(409, 'TOKEN_INVALID', sentence, { extra: said })
  return null
}

/** What an audit entry says of a call that was refused. */
export const refusedChange = (failure: Failure) => ({
  code: { before: null, after: failure.kind === 'refused' ? failure.error.code : null },
})

/** What Meta said of a refused call, for people. */
export function refusalText({ error }: Refused): string {
  return error.detail ?? error.title ?? describeError(error).sentence
}

const unavailable = (waitMs: number, detail: string, extra: Record<string, unknown>) =>
  new ApiError(503, 'META_UNAVAILABLE', detail, {
    headers: { 'retry-after': String(Math.max(5, Math.ceil(waitMs / 1000))) },
    extra,
  })

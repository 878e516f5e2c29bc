import { ApiError } from '#shared/domain/errors.ts'
import { callerOf, type RouteRequest } from '#shared/http/route.ts'
import type { GraphResult } from '#shared/meta/client.ts'
import type { NumberAccess } from '#shared/meta/numbers/access.ts'
import type { ClientDoc } from '#shared/model/documents.ts'
import { getClient } from '#shared/store/numbers/clients.ts'
import { type AuditText, recordAudit } from '../audit.ts'
import type { GatewayDeps } from '../deps.ts'
import { type Failure, passingFailure, refusedChange } from '../meta-failure.ts'
import { accessOf } from '../templates/access.ts'

/** Request of a route about one number. */
export type NumberRequest<Body = unknown> = RouteRequest<{ id: string }, unknown, Body>

/** Access to a number of the caller's tenant by its own token. @throws ApiError 404, 409 TOKEN_INVALID, 422 NUMBER_NOT_CONNECTED */
export async function accessTo(
  request: Pick<NumberRequest, 'caller' | 'params'>,
  deps: GatewayDeps,
): Promise<NumberAccess & { client: ClientDoc }> {
  const client = await getClient(deps.store, callerOf(request).tenantId, request.params.id)
  const { token } = accessOf(deps, client)
  return { client, token }
}

/** What Meta answers to a question. @param refusal error for a refusal @throws ApiError 409 TOKEN_INVALID, 503, that of `refusal` */
export function answerOf(result: GraphResult, refusal: (failure: Failure) => ApiError): Record<string, unknown> {
  if (result.kind === 'ok') return result.data
  // Nothing was changed, so no answer is the same as none asked.
  const failure: Failure = result.kind === 'unknown' ? { ...result, kind: 'unsent' } : result
  throw passingFailure(failure) ?? refusal(failure)
}

/** A change of what stands at Meta. */
export interface AuditedChange {
  /** Audit entry that is written before Meta is asked. */
  entry: AuditText
  /** Entry that is written when Meta has not done it; the code of the refusal is added. */
  refused: AuditText
  call(): Promise<GraphResult>
  /** Error for a change that Meta has not made, or not confirmed. */
  failure(failure: Failure): ApiError
}

/** The `failure` of a change that is read again to see its outcome. @param refusal error for what Meta refuses */
export const changeFailure =
  (refusal: (failure: Failure) => ApiError) =>
  (failure: Failure): ApiError =>
    failure.kind === 'unknown' ? unconfirmed() : (passingFailure(failure) ?? refusal(failure))

export const unconfirmed = () =>
  new ApiError(502, 'META_OUTCOME_UNKNOWN', 'WhatsApp did not confirm the change. Read it again to see its outcome.')

/**
 * Changes something at Meta with its audit entries: one before, and one when Meta refuses. @returns Meta's answer
 * @throws ApiError that of `failure`
 */
export async function auditedChange(
  request: Pick<NumberRequest, 'caller' | 'ip'>,
  deps: GatewayDeps,
  { entry, refused, call, failure }: AuditedChange,
): Promise<Record<string, unknown>> {
  await recordAudit(request, deps, entry)
  const result = await call()
  if (result.kind === 'ok') return result.data
  if (result.kind !== 'unknown')
    await recordAudit(request, deps, { ...refused, changes: { ...refused.changes, ...refusedChange(result) } })
  throw failure(result)
}

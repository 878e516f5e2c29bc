import { ApiError } from '#shared/domain/errors.ts'
import { byHandover, joinOwners } from '#shared/domain/inbox/thread-owner.ts'
import { callerOf, type RouteRequest } from '#shared/http/route.ts'
import { controlThread, type ThreadAction } from '#shared/meta/thread-control.ts'
import type { ConversationDoc } from '#shared/model/documents.ts'
import { recordAudit } from '../audit.ts'
import type { GatewayDeps } from '../deps.ts'
import { visibleDestination } from '../messages/recipient.ts'
import { type Failure, passingFailure, refusalText, refusedChange, saidByMeta } from '../meta-failure.ts'
import { accessOf } from '../templates/access.ts'
import { applyChange } from './change.ts'

/** Who is to answer a customer. `role`: Meta's own agent; without it whoever Meta chooses at the customer's next message. */
export interface WantedOwner {
  owner: 'platform' | 'other'
  role?: 'ai_agent' | undefined
}

type Asked = RouteRequest<{ id: string }, unknown, unknown>

/**
 * Takes over a customer whom another app of the business answers, or hands them back: at Meta, and then in the row, for Meta tells
 * the one who asked nothing by webhook. The audit entry is written before Meta is asked, and another one when Meta refuses.
 * @throws ApiError 404, 409 TOKEN_INVALID or THREAD_NOT_TAKEN, 422 CONVERSATION_READ_ONLY, NUMBER_NOT_CONNECTED or
 * THREAD_CONTROL_REFUSED, 502 META_OUTCOME_UNKNOWN, 503
 */
export async function changeThreadOwner(
  request: Asked,
  deps: GatewayDeps,
  { owner, role }: WantedOwner,
): Promise<ConversationDoc> {
  const caller = callerOf(request)
  const { id: conversationId } = request.params
  const { client, conversation, waId, userId } = await visibleDestination(deps.store, caller.tenantId, { conversationId })
  const row = conversation as ConversationDoc
  const { token } = accessOf(deps, client)
  const action: ThreadAction = owner === 'platform' ? 'take' : role ? 'pass' : 'release'
  const object = { kind: 'conversation', id: conversationId }
  const changes = { owner: { before: row.threadOwner?.owner ?? null, after: role ?? owner } }
  await recordAudit(request, deps, { action: 'conversations.threadOwner', object, changes })
  const result = await controlThread(deps.meta, { client, token }, { waId, userId }, action)
  if (result.kind === 'refused')
    await recordAudit(request, deps, { action: 'conversations.threadOwnerRefused', object, changes: refusedChange(result) })
  if (result.kind !== 'ok') throw failureOf(result)
  const seen = byHandover({ owner, role: role ?? null, at: deps.now() })
  const threadOwner = row.threadOwner ? joinOwners(row.threadOwner, seen) : seen
  return await applyChange(deps, row, { set: { threadOwner } }, { caller, traceparent: request.traceparent })
}

/** Meta's subcode for a take by somebody who is not the escalation partner; some providers saw it as the code. */
const NOT_PERMITTED = 2_494_191

function failureOf(failure: Failure): ApiError {
  if (failure.kind === 'unknown')
    return new ApiError(
      502,
      'META_OUTCOME_UNKNOWN',
      'WhatsApp did not confirm the change. The next message of the customer shows its outcome.',
    )
  return passingFailure(failure) ?? refusal(failure)
}

function refusal(failure: Failure): ApiError {
  if (failure.kind !== 'refused') throw new Error('only a refusal is left')
  const { code, subcode } = failure.error
  if (code === NOT_PERMITTED || subcode === NOT_PERMITTED)
    return new ApiError(
      409,
      'THREAD_NOT_TAKEN',
      'WhatsApp lets only the escalation partner take over a customer. Choose this app as that in Meta Business Suite.',
      { extra: saidByMeta(failure) },
    )
  return new ApiError(422, 'THREAD_CONTROL_REFUSED', refusalText(failure), { extra: saidByMeta(failure) })
}

import type { ClientSession } from 'mongoose'
import { ApiError } from '#shared/domain/errors.ts'
import type { Caller } from '#shared/http/route.ts'
import { findConversation } from '#shared/store/conversations.ts'
import { appended } from '#shared/store/dispatch-waits.ts'
import type { EventDoc, MessageDoc, TimelineEntry } from '#shared/store/documents.ts'
import { getMessage } from '#shared/store/messages.ts'
import { getCachedTenant } from '#shared/store/tenants.ts'
import type { GatewayDeps } from './deps.ts'
import { conversationUpdated } from './events.ts'
import { dispatchFor } from './insert-message.ts'
import { requireOpenWindow } from './window.ts'

const HOUR_MS = 3_600_000

/**
 * Another try of a failed message: the same row, so that it keeps its history. The wamid of the failed one moves aside, where
 * its late statuses find it; the attempts go on counting. @throws ApiError 404, 409, 422 WINDOW_CLOSED
 */
export async function retryMessage(
  deps: GatewayDeps,
  caller: Caller,
  id: string,
  acceptDuplicate: boolean,
): Promise<{ message: MessageDoc; events: EventDoc[] }> {
  const { store } = deps
  const { tenantId } = caller
  const message = await getMessage(store, tenantId, id)
  if (message.direction !== 'OUTBOUND' || message.status !== 'FAILED') throw notFailed('Only a failed message can be sent again')
  if (mayHaveArrived(message) && !acceptDuplicate)
    throw new ApiError(
      409,
      'OUTCOME_UNKNOWN',
      'WhatsApp may have delivered it. Send {"acceptDuplicate": true} to send it all the same',
    )
  const tenant = await getCachedTenant(store, tenantId)
  if (message.type !== 'template') {
    const conversation = await findConversation(store, tenantId, message.conversationId)
    requireOpenWindow(conversation?.windowExpiresAt, tenant, deps.now())
  }
  const { maxWaitHours } = tenant.settings
  const expiresAt = new Date(deps.now().getTime() + maxWaitHours * HOUR_MS)
  return store.transaction(session => startAgain(deps, message, expiresAt, caller, session))
}

const notFailed = (detail: string) => new ApiError(409, 'NOT_FAILED', detail)

/** We gave it up without a word of Meta: the last attempt has no answer, or its sender stopped in the middle. */
const mayHaveArrived = ({ error, timeline }: MessageDoc) =>
  error?.source === 'platform' && timeline.findLast(({ outcome }) => outcome !== undefined)?.outcome === 'unknown'

async function startAgain(deps: GatewayDeps, before: MessageDoc, expiresAt: Date, caller: Caller, session: ClientSession) {
  const { models } = deps.store
  const { tenantId, _id, wamid } = before
  const at = deps.now()
  const attempt = Math.max(0, ...before.timeline.map(entry => entry.attempt ?? 0))
  const note: TimelineEntry = { kind: 'note', at, detail: `sent again by ${caller.name}` }
  const update = {
    $set: {
      status: 'QUEUED' as const,
      statusUpdatedAt: at,
      error: null,
      wamid: null,
      sendAt: null,
      dispatch: { ...dispatchFor(null, at), attempt, deadlineAt: expiresAt },
    },
    $push: { ...appended(note), ...(wamid && { previousIds: wamid }) },
  }
  const message = await models.messages
    .findOneAndUpdate({ tenantId, _id, status: 'FAILED' }, update, { session, returnDocument: 'after' })
    .lean()
  if (message === null) throw notFailed('It is being sent already')
  const shown = await models.conversations
    .findOneAndUpdate(
      { tenantId, _id: before.conversationId, 'lastMessage.messageId': _id },
      { $set: { 'lastMessage.status': 'QUEUED' } },
      { session, returnDocument: 'after' },
    )
    .lean()
  // The timeline grows with each retry; the attempts do not when one fails before it is tried.
  const events = shown ? [conversationUpdated(shown, `again:${_id}:${message.timeline.length}`, at)] : []
  if (events.length > 0) await models.events.insertMany(events, { session })
  return { message, events }
}

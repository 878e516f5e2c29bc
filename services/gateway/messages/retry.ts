import type { ClientSession } from 'mongoose'
import { ApiError } from '#shared/domain/errors.ts'
import { dispatchOf, ready } from '#shared/domain/messages/dispatch.ts'
import { windowIsOpen } from '#shared/domain/messages/service-window.ts'
import type { Caller } from '#shared/http/route.ts'
import type { EventDoc, MessageDoc, TenantDoc, TimelineEntry } from '#shared/model/documents.ts'
import { fallbackNote, fallenBack } from '#shared/model/fallback.ts'
import { appended } from '#shared/model/timeline.ts'
import { getCachedTenant } from '#shared/store/accounts/tenants.ts'
import { findConversation } from '#shared/store/inbox/conversations.ts'
import { getMessage } from '#shared/store/inbox/messages.ts'
import type { GatewayDeps } from '../deps.ts'
import { conversationUpdated, statusChanged } from '../events.ts'
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
  const instead = await templateInstead(deps, message, tenant)
  const { maxWaitHours } = tenant.settings
  const expiresAt = new Date(deps.now().getTime() + maxWaitHours * HOUR_MS)
  return store.transaction(session => startAgain(deps, message, { expiresAt, instead }, caller, session))
}

/** In a closed window the message's template, if it has one left; null: as it is. @throws ApiError 422 WINDOW_CLOSED */
async function templateInstead({ store, now }: GatewayDeps, message: MessageDoc, tenant: TenantDoc): Promise<Instead | null> {
  if (message.type === 'template') return null
  const conversation = await findConversation(store, message.tenantId, message.conversationId)
  const at = now()
  const { fallback } = message
  if (!fallback || fallback.usedAt !== null) {
    requireOpenWindow(conversation?.windowExpiresAt, tenant, at)
    return null
  }
  if (windowIsOpen(conversation?.windowExpiresAt, at)) return null
  return { fields: fallenBack(message, fallback, 'sending', at), note: fallbackNote(fallback, 'sending', at) }
}

interface Instead {
  fields: ReturnType<typeof fallenBack>
  note: TimelineEntry
}

const notFailed = (detail: string) => new ApiError(409, 'NOT_FAILED', detail)

/** We gave it up without a word of Meta: the last attempt has no answer, or its sender stopped in the middle. */
const mayHaveArrived = ({ error, timeline }: MessageDoc) =>
  error?.source === 'platform' && timeline.findLast(({ outcome }) => outcome !== undefined)?.outcome === 'unknown'

async function startAgain(
  deps: GatewayDeps,
  before: MessageDoc,
  { expiresAt, instead }: { expiresAt: Date; instead: Instead | null },
  caller: Caller,
  session: ClientSession,
) {
  const { models } = deps.store
  const { tenantId, _id, wamid } = before
  const at = deps.now()
  const attempt = Math.max(0, ...before.timeline.map(entry => entry.attempt ?? 0))
  const note: TimelineEntry = { kind: 'note', at, detail: `sent again by ${caller.name}` }
  const notes = instead ? [note, instead.note] : [note]
  // What may have arrived was weighed by the caller, so nothing keeps the template any more.
  const reserve = before.fallback && !instead && { fallback: { ...before.fallback, unsettled: null } }
  const update = {
    $set: {
      ...instead?.fields,
      ...reserve,
      status: 'QUEUED' as const,
      statusUpdatedAt: at,
      error: null,
      wamid: null,
      sendAt: null,
      dispatch: dispatchOf('chat', { ...ready(at), deadlineAt: expiresAt }, attempt),
    },
    $push: { ...appended(...notes), ...(wamid && { previousIds: wamid }) },
  }
  const message = await models.messages
    .findOneAndUpdate({ tenantId, _id, status: 'FAILED' }, update, { session, returnDocument: 'after' })
    .lean()
  if (message === null) throw notFailed('It is being sent already')
  const shown = await models.conversations
    .findOneAndUpdate(
      { tenantId, _id: before.conversationId, 'lastMessage.messageId': _id },
      { $set: { 'lastMessage.status': 'QUEUED', 'lastMessage.type': message.type, 'lastMessage.text': message.content.text } },
      { session, returnDocument: 'after' },
    )
    .lean()
  const cause = `again:${_id}:${at.getTime()}`
  const events = [...(shown ? [conversationUpdated(shown, cause, at)] : []), statusChanged(message, cause, at)]
  await models.events.insertMany(events, { session })
  return { message, events }
}

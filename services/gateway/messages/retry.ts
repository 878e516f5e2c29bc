import { ApiError, notFound } from '#shared/domain/errors.ts'
import { needsWindow } from '#shared/domain/messages/direct-send.ts'
import { windowIsOpen } from '#shared/domain/messages/service-window.ts'
import type { Caller } from '#shared/http/route.ts'
import type { ConversationDoc, EventDoc, MessageDoc, TenantDoc, TimelineEntry } from '#shared/model/documents.ts'
import { fallbackNote, fallenBack } from '#shared/model/fallback.ts'
import { toId } from '#shared/model/ids.ts'
import { getCachedTenant } from '#shared/store/accounts/tenants.ts'
import { sendAgain } from '#shared/store/dispatch/retry.ts'
import { insertEvents } from '#shared/store/events/insert.ts'
import { getMessage } from '#shared/store/inbox/messages.ts'
import type { Session } from '#shared/store/transaction.ts'
import { messageRetried } from '#shared/views/events.ts'
import type { GatewayDeps } from '../deps.ts'
import { refuseUnsendable } from './consent.ts'
import { requireMayReply } from './may-reply.ts'
import { findDestination } from './recipient.ts'
import { requireOpenWindow } from './window.ts'

const HOUR_MS = 3_600_000

/**
 * Sends a failed message again; in a closed window its fallback template instead. What may not be sent to this person now, or has
 * lost its template, is refused as if it were new.
 * @param alongside what is written in the same transaction: the audit entry, and the reply for a repeated request
 * @throws ApiError 404, 409, 422 WINDOW_CLOSED, CONTACT_BLOCKED, CONTACT_OPTED_OUT, TEMPLATE_UNKNOWN, TEMPLATE_NOT_APPROVED
 */
export async function retryMessage(
  deps: GatewayDeps,
  caller: Caller,
  id: string,
  acceptDuplicate: boolean,
  alongside: (message: MessageDoc, session: Session) => Promise<void>,
): Promise<{ message: MessageDoc; events: EventDoc[] }> {
  const { store } = deps
  const { tenantId } = caller
  const message = await getMessage(store, tenantId, id)
  if (message.erasedAt) throw notFound('Message')
  if (message.direction !== 'OUTBOUND' || message.status !== 'FAILED') throw notFailed('Only a failed message can be sent again.')
  if (message.emptiedAt) throw notFailed('The content of this message is no longer kept, so it cannot be sent again.')
  if (mayHaveArrived(message) && !acceptDuplicate)
    throw new ApiError(
      409,
      'OUTCOME_UNKNOWN',
      'WhatsApp may have delivered this message. Set `acceptDuplicate` to true to send it again anyway.',
    )
  const tenant = await getCachedTenant(store, tenantId)
  const destination = await findDestination(store, tenantId, { conversationId: String(message.conversationId) })
  const { conversation } = destination
  requireMayReply(tenant, caller, conversation, true)
  const instead = templateInstead(message, { conversation, tenant, at: deps.now() })
  await refuseUnsendable(store, destination, { ...message, ...instead?.fields })
  const { maxWaitHours } = tenant.settings
  const expiresAt = new Date(deps.now().getTime() + maxWaitHours * HOUR_MS)
  return store.transaction(async session => {
    const started = await startAgain(deps, message, { expiresAt, instead }, caller, session)
    await alongside(started.message, session)
    return started
  })
}

/**
 * Fallback template, if the window is closed and it is unused; null: the message is sent as it is.
 * @throws ApiError 422 WINDOW_CLOSED
 */
function templateInstead(
  message: MessageDoc,
  { conversation, tenant, at }: { conversation: ConversationDoc | null; tenant: TenantDoc; at: Date },
): Instead | null {
  if (!needsWindow(message)) return null
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

/** Whether Meta may have delivered a failed message: its last attempt had no answer, or the sender stopped during it. */
const mayHaveArrived = ({ error, timeline }: MessageDoc) =>
  error?.source === 'platform' && timeline.findLast(({ outcome }) => outcome !== undefined)?.outcome === 'unknown'

async function startAgain(
  deps: GatewayDeps,
  before: MessageDoc,
  { expiresAt, instead }: { expiresAt: Date; instead: Instead | null },
  caller: Caller,
  session: Session,
) {
  const { store } = deps
  const at = deps.now()
  const note: TimelineEntry = { kind: 'note', at, detail: `sent again by ${caller.name}` }
  const notes = instead ? [note, instead.note] : [note]
  // The caller accepts that an earlier attempt may have arrived, so it no longer keeps the template back.
  const reserve = before.fallback && !instead && { fallback: { ...before.fallback, unsettled: null } }
  const message = await sendAgain(
    store,
    before,
    { at, expiresAt, notes, content: { ...instead?.fields, ...reserve }, by: toId(caller.id) },
    session,
  )
  if (message === null) throw notFailed('The message is already being sent.')
  const events = [messageRetried(message, at)]
  await insertEvents(store, events, session)
  return { message, events }
}

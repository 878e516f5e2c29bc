import { costOf } from '#shared/domain/messages/cost.ts'
import { dispatchOf, scheduled } from '#shared/domain/messages/dispatch.ts'
import type { Caller } from '#shared/http/route.ts'
import type {
  ContactDoc,
  ConversationDoc,
  EventDoc,
  Fallback,
  Id,
  MessageDoc,
  TenantDoc,
  TimelineEntry,
} from '#shared/model/documents.ts'
import { toId } from '#shared/model/ids.ts'
import { newOutbound } from '#shared/model/new-rows.ts'
import { insertEvents } from '#shared/store/events/insert.ts'
import { addMessage, nextMessageId, showAsLast } from '#shared/store/inbox/accept.ts'
import type { Session } from '#shared/store/transaction.ts'
import { conversationUpdated, eventIds, messageScheduled } from '#shared/views/events.ts'
import type { GatewayDeps } from '../deps.ts'
import { createContact, type MessageInput, touchConversation } from './conversation.ts'
import type { Draft } from './draft.ts'
import type { Destination } from './recipient.ts'

/** Clocks of two processes differ by less; a time further ahead is a wrong clock, which must not spread in the conversation. */
const MAX_CLOCK_LEAD_MS = 60_000

/** Facts about a message that was accepted and is about to be stored. */
export interface Accepting {
  caller: Caller
  input: MessageInput
  destination: Destination
  draft: Draft
  fallback: Fallback | null
  /** Timeline entries after 'accepted'. */
  notes: TimelineEntry[]
  tenant: TenantDoc
  sendAt: Date | null
  quoted: { messageId: Id; wamid: string } | null
  now: Date
  idempotencyKey: string | null
}

/**
 * Stores a message with its conversation and events. The conversation's row is written before the message gets its id: two
 * requests for one conversation come one after the other, and their ids grow in that order, which is the order of sending.
 * Their times never fall behind it, so that the conversation, which is shown by time and then by id, shows the same order.
 */
export async function insertMessage(
  { store }: GatewayDeps,
  accepting: Accepting,
  session: Session,
): Promise<{ message: MessageDoc; events: EventDoc[] }> {
  const { destination, now } = accepting
  const contact = destination.contact ?? (await createContact(store, accepting, session))
  const conversation = await touchConversation(store, accepting, contact, session)
  const message = messageOf(accepting, contact, conversation, await nextMessageId(store, conversation, session))
  await addMessage(store, message, session)
  // A scheduled message appears in the list of conversations when it is sent.
  const shown = message.sendAt === null ? await showAsLast(store, message, session) : conversation
  const events = [conversationUpdated(eventIds.accepted(message._id), shown, now)]
  if (message.sendAt) events.push(messageScheduled(message, 'scheduled', now))
  await insertEvents(store, events, session)
  return { message, events }
}

/**
 * Time of the message: not before the last message's, because requests may write the conversation in another order than they
 * began.
 */
function notBefore(last: Date | undefined, now: Date): Date {
  const leadMs = last ? last.getTime() - now.getTime() : 0
  return last && leadMs > 0 && leadMs <= MAX_CLOCK_LEAD_MS ? last : now
}

function messageOf(
  { caller, destination, draft, fallback, notes, tenant, sendAt, quoted, now, idempotencyKey }: Accepting,
  contact: ContactDoc,
  conversation: ConversationDoc,
  _id: Id,
): MessageDoc {
  const { type, content } = draft
  const payload = quoted && type !== 'reaction' ? { ...draft.payload, context: { message_id: quoted.wamid } } : draft.payload
  const message = newOutbound(
    { client: destination.client, conversation: conversation, contact },
    { type, content, payload },
    { priority: 'chat', now, _id },
  )
  return {
    ...message,
    timeline: [...message.timeline, ...notes],
    cost: costOf(tenant.settings, {
      category: draft.template?.category ?? null,
      windowExpiresAt: conversation.windowExpiresAt,
      freeEntryPointExpiresAt: conversation.freeEntryPointExpiresAt,
      waId: contact.waId,
      now: sendAt ?? now,
    }),
    idempotencyKey,
    replyTo: quoted,
    sentBy: { kind: caller.kind, id: toId(caller.id), name: caller.name },
    origin: caller.kind === 'apiKey' ? 'api' : 'dashboard',
    at: sendAt ?? notBefore(conversation.lastMessage?.at, now),
    sendAt,
    ...(fallback && { fallback }),
    ...(sendAt && { dispatch: dispatchOf('chat', scheduled(sendAt, now)) }),
  }
}

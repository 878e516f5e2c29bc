import { dispatchOf, scheduled } from '#shared/domain/messages/dispatch.ts'
import { pricesOf } from '#shared/domain/prices/cost.ts'
import type { Caller } from '#shared/http/route.ts'
import type { ContactDoc, ConversationDoc, Fallback, Id, MessageDoc, TenantDoc, TimelineEntry } from '#shared/model/documents.ts'
import { toId } from '#shared/model/ids.ts'
import { newOutbound } from '#shared/model/new-rows.ts'
import { findLastUnfinished, type NextMessageId, nextMessageId, rememberAccepted } from '#shared/store/inbox/accept.ts'
import { insertAccepted } from '#shared/store/inbox/message-inserts.ts'
import type { GatewayDeps } from '../deps.ts'
import { conversationFor, createContact, type MessageInput } from './conversation.ts'
import { type Draft, pricedAs } from './draft.ts'
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
  expiresAt: Date | null
  quoted: { messageId: Id; wamid: string } | null
  now: Date
  idempotencyKey: string | null
}

/**
 * Stores a message, by one insert beside those of other callers: its row is the truth. The recorder shows it in its conversation
 * a moment later. Callers of one process take one conversation in turn, so that the ids grow in their order, which is the order
 * of sending; the id is greater than that of every message of the conversation that is still to be sent and was accepted before.
 */
export async function storeMessage({ store }: Pick<GatewayDeps, 'store'>, accepting: Accepting): Promise<MessageDoc> {
  const contact = accepting.destination.contact ?? (await createContact(store, accepting))
  const conversation = await conversationFor(store, accepting, contact)
  const { conversation: known, lastUnfinished } = accepting.destination
  const last = known?._id.equals(conversation._id) ? lastUnfinished : await findLastUnfinished(store, conversation)
  const message = messageOf(accepting, contact, conversation, nextMessageId(store, conversation._id, last))
  rememberAccepted(store, message)
  await insertAccepted(store, message)
  return message
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
  { caller, destination, draft, fallback, notes, tenant, sendAt, expiresAt, quoted, now, idempotencyKey }: Accepting,
  contact: ContactDoc,
  conversation: ConversationDoc,
  { _id, after }: NextMessageId,
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
    ...pricesOf(tenant.settings, {
      category: pricedAs(draft),
      windowExpiresAt: conversation.windowExpiresAt,
      freeEntryPointExpiresAt: conversation.freeEntryPointExpiresAt,
      waId: contact.waId,
      userId: contact.userId,
      now: sendAt ?? now,
    }),
    idempotencyKey,
    replyTo: quoted,
    createdBy: toId(caller.id),
    sentBy: { kind: caller.kind, id: toId(caller.id), name: caller.name },
    origin: caller.kind === 'apiKey' ? 'api' : 'dashboard',
    at: sendAt ?? notBefore(conversation.lastMessage?.at, notBefore(after ?? undefined, now)),
    sendAt,
    ...(expiresAt && { expiresAt }),
    unprojectedSince: now,
    isUncounted: true,
    ...(draft.directSend && { directSend: draft.directSend }),
    ...(draft.marketingMessages && { marketingMessages: draft.marketingMessages }),
    ...(fallback && { fallback }),
    ...(sendAt && { dispatch: dispatchOf('chat', scheduled(sendAt, now)) }),
  }
}

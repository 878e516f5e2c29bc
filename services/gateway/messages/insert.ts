import type { ClientSession } from 'mongoose'
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
import { newId, toId } from '#shared/model/ids.ts'
import { lastMessageOf, newOutbound } from '#shared/model/new-rows.ts'
import type { Store } from '#shared/store/connect.ts'
import { findLastUnfinished } from '#shared/store/inbox/messages.ts'
import { scheduledEvent } from '#shared/store/inbox/scheduled.ts'
import type { GatewayDeps } from '../deps.ts'
import { conversationUpdated } from '../events.ts'
import { createContact, type MessageInput, touchConversation } from './conversation.ts'
import type { Draft } from './draft.ts'
import type { Destination } from './recipient.ts'

/** Clocks of two processes differ by less; a time further ahead is a wrong clock, which must not spread along the thread. */
const MAX_CLOCK_LEAD_MS = 60_000

/** All that is known of a message before it is stored. */
export interface Accepting {
  caller: Caller
  input: MessageInput
  destination: Destination
  draft: Draft
  fallback: Fallback | null
  /** Join the timeline. */
  notes: TimelineEntry[]
  tenant: TenantDoc
  sendAt: Date | null
  quoted: { messageId: Id; wamid: string } | null
  now: Date
  idempotencyKey: string | null
}

/**
 * The thread's row is written before the message gets its id: two requests for one thread come one after the other, and their
 * ids grow in that order, which is the order of sending. Their times never fall behind it, so that the thread, which is shown
 * by time and then by id, shows the same order.
 */
export async function insertMessage(
  deps: GatewayDeps,
  accepting: Accepting,
  session: ClientSession,
): Promise<{ message: MessageDoc; events: EventDoc[] }> {
  const { destination, now } = accepting
  const { models } = deps.store
  const contact = destination.contact ?? (await createContact(deps.store, accepting, session))
  const conversation = await touchConversation(deps.store, accepting, contact, session)
  const message = messageOf(accepting, contact, conversation, await nextId(deps.store, conversation, session))
  await models.messages.insertMany([message], { session })
  const shown = message.sendAt === null ? await showAsLast(deps.store, message, session) : conversation
  const events = [conversationUpdated(shown, `a:${message._id}`, now)]
  if (message.sendAt) events.push(scheduledEvent(message, 'scheduled', now))
  await models.events.insertMany(events, { session })
  return { message, events }
}

/** What shall go later shows in the list of conversations when it goes. */
async function showAsLast(store: Store, message: MessageDoc, session: ClientSession): Promise<ConversationDoc> {
  const { tenantId, conversationId: _id, at } = message
  const update = { $set: { lastMessage: lastMessageOf(message) }, $max: { lastActivityAt: at } }
  const updated = await store.models.conversations
    .findOneAndUpdate({ tenantId, _id }, update, { session, returnDocument: 'after' })
    .lean()
  return updated as ConversationDoc
}

/**
 * Greater than every unfinished message of the thread. Ids that several processes make in the same second do not grow by
 * themselves; the second after the greatest one is then put in front of our own part, which nobody else has.
 */
async function nextId(store: Store, conversation: ConversationDoc, session: ClientSession): Promise<Id> {
  const last = await findLastUnfinished(store, conversation, session)
  const id = newId()
  if (last === null || String(id) > String(last)) return id
  const second = Math.floor(last.getTimestamp().getTime() / 1000) + 1
  return toId(second.toString(16).padStart(8, '0') + String(id).slice(8))
}

/** Requests come to their turn in another order than they began. */
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

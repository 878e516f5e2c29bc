import type { ClientDoc, ContactDoc, ConversationDoc, Id, MessageDoc } from '../../model/documents.ts'
import { newId, toId } from '../../model/ids.ts'
import { lastMessageOf, newConversation } from '../../model/new-rows.ts'
import { type Store, trusted } from '../connect.ts'
import { UNFINISHED_INDEX } from '../dispatch/take.ts'
import type { Session } from '../transaction.ts'
import { onInsert } from '../upsert.ts'

/** The rows that change when a message is accepted, in one transaction of the caller's. */

/**
 * The conversation of a number with a contact, counting one message more; made if it is new.
 * @param given fields to set, with a `leadId` only where the caller names one @param leadId of a new conversation
 */
export async function upsertConversation(
  store: Store,
  { client, contact, now }: { client: ClientDoc; contact: ContactDoc; now: Date },
  { given, leadId }: { given: Partial<ConversationDoc>; leadId: Id | null },
  session: Session,
): Promise<ConversationDoc> {
  const filter = { tenantId: client.tenantId, clientId: client._id, contactId: contact._id }
  const $inc = { messageCount: 1 }
  const $max = { lastActivityAt: now }
  const fresh = { ...newConversation(client, contact, now), leadId }
  const update = { $inc, $set: given, $max, $setOnInsert: onInsert(fresh, filter, given, $inc, $max) }
  const conversation = await store.models.conversations
    .findOneAndUpdate(filter, update, { session, upsert: true, returnDocument: 'after' })
    .lean()
  return conversation as ConversationDoc
}

/**
 * An id greater than that of every unfinished message of the conversation: messages are sent in the order of their ids. Ids of
 * several processes from the same second are in no order; then the second after the greatest one replaces that of a new id,
 * whose remaining digits are unique.
 */
export async function nextMessageId(
  store: Store,
  conversation: Pick<ConversationDoc, 'tenantId' | '_id'>,
  session: Session,
): Promise<Id> {
  const last = await findLastUnfinished(store, conversation, session)
  const id = newId()
  if (last === null || String(id) > String(last)) return id
  const second = Math.floor(last.getTimestamp().getTime() / 1000) + 1
  return toId(second.toString(16).padStart(8, '0') + String(id).slice(8))
}

/** The greatest id of what is still to be sent in a conversation. */
async function findLastUnfinished(
  store: Store,
  { tenantId, _id: conversationId }: Pick<ConversationDoc, 'tenantId' | '_id'>,
  session: Session,
): Promise<Id | null> {
  const filter = { tenantId, conversationId, 'dispatch.state': trusted({ $exists: true }) }
  const last = await store.models.messages
    .findOne(filter, { _id: 1 }, { session })
    .sort({ _id: -1 })
    .hint(UNFINISHED_INDEX.hint)
    .lean()
  return last?._id ?? null
}

/** Stores a new message. */
export async function addMessage(store: Store, message: MessageDoc, session: Session): Promise<void> {
  await store.models.messages.insertMany([message], { session })
}

/** The conversation shows the message as its last one. */
export async function showAsLast(store: Store, message: MessageDoc, session: Session): Promise<ConversationDoc> {
  const { tenantId, conversationId: _id, at } = message
  const update = { $set: { lastMessage: lastMessageOf(message) }, $max: { lastActivityAt: at } }
  const updated = await store.models.conversations
    .findOneAndUpdate({ tenantId, _id }, update, { session, returnDocument: 'after' })
    .lean()
  return updated as ConversationDoc
}

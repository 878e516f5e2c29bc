import type { ClientDoc, ContactDoc, ConversationDoc, Id, MessageDoc } from '../../model/documents.ts'
import { newId, toId } from '../../model/ids.ts'
import { lastMessageOf, newConversation } from '../../model/new-rows.ts'
import { type Store, trusted } from '../connect.ts'
import { UNFINISHED_INDEX } from '../dispatch/take.ts'
import type { Session } from '../transaction.ts'
import { onInsert } from '../upsert.ts'

/** Writes for accepting a message, in the caller's transaction. */

/**
 * Counts one more message in the conversation of a number with a contact, which is created if missing.
 * @param given fields to set, with a `leadId` only if the caller names one
 * @param leadId lead of a new conversation
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
 * A new id, greater than the ids of all unfinished messages of the conversation, because messages are sent in the order of their
 * ids. Ids that several processes make within a second have no order: then the timestamp of the new id is set to the second after
 * the greatest id; its remaining digits are unique.
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

/** The greatest id of the unfinished messages of a conversation. */
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

export async function addMessage(store: Store, message: MessageDoc, session: Session): Promise<void> {
  await store.models.messages.insertMany([message], { session })
}

/** Makes the message the last one of its conversation. */
export async function showAsLast(store: Store, message: MessageDoc, session: Session): Promise<ConversationDoc> {
  const { tenantId, conversationId: _id, at } = message
  const update = { $set: { lastMessage: lastMessageOf(message) }, $max: { lastActivityAt: at } }
  const updated = await store.models.conversations
    .findOneAndUpdate({ tenantId, _id }, update, { session, returnDocument: 'after' })
    .lean()
  return updated as ConversationDoc
}

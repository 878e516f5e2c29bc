import { unfinished } from '../../domain/messages/dispatch.ts'
import type { ClientDoc, ContactDoc, ConversationDoc, Id, MessageDoc } from '../../model/documents.ts'
import { newId, toId } from '../../model/ids.ts'
import { newConversation } from '../../model/new-rows.ts'
import type { Store } from '../connect.ts'
import { UNFINISHED_INDEX } from '../dispatch/take.ts'
import { onInsert } from '../upsert.ts'

/** Reads and writes that accept a message, beside the insert of the message itself. */

/**
 * The conversation of a number with a contact, which is created if missing.
 * @param given fields to set, with a `leadId` only if the caller names one
 * @param leadId lead of a new conversation
 */
export async function upsertConversation(
  store: Store,
  { client, contact, now }: { client: ClientDoc; contact: ContactDoc; now: Date },
  { given, leadId }: { given: Partial<ConversationDoc>; leadId: Id | null },
): Promise<ConversationDoc> {
  const filter = { tenantId: client.tenantId, clientId: client._id, contactId: contact._id }
  const fresh = { ...newConversation(client, contact, now), leadId }
  const update = { $set: given, $setOnInsert: onInsert(fresh, filter, given) }
  const conversation = await store.models.conversations
    .findOneAndUpdate(filter, update, { upsert: true, returnDocument: 'after' })
    .lean()
  return conversation as ConversationDoc
}

export interface NextMessageId {
  _id: Id
  /** The time that the message before it has in the conversation; null when nothing is still to be sent. */
  after: Date | null
}

/**
 * A new id, greater than the ids of all unfinished messages of the conversation, because messages are sent in the order of their
 * ids. Ids that several processes make within a second have no order: then the timestamp of the new id is set to the second after
 * the greatest id; its remaining digits are unique.
 */
export async function nextMessageId(
  store: Store,
  conversation: Pick<ConversationDoc, 'tenantId' | '_id'>,
): Promise<NextMessageId> {
  const last = await findLastUnfinished(store, conversation)
  const id = newId()
  if (last === null) return { _id: id, after: null }
  const after = last.sendAt === null ? last.at : last.createdAt
  if (String(id) > String(last._id)) return { _id: id, after }
  const second = Math.floor(last._id.getTimestamp().getTime() / 1000) + 1
  return { _id: toId(second.toString(16).padStart(8, '0') + String(id).slice(8)), after }
}

/** The unfinished message of a conversation with the greatest id. */
async function findLastUnfinished(
  { raw }: Store,
  { tenantId, _id: conversationId }: Pick<ConversationDoc, 'tenantId' | '_id'>,
): Promise<Pick<MessageDoc, '_id' | 'at' | 'sendAt' | 'createdAt'> | null> {
  const filter = { tenantId, conversationId, ...unfinished() }
  const options = { projection: { at: 1, sendAt: 1, createdAt: 1 }, sort: { _id: -1 }, hint: UNFINISHED_INDEX.hint } as const
  return await raw.messages.findOne(filter, options)
}

import { searchKeys } from '../../domain/contacts/search-keys.ts'
import { notFound } from '../../domain/errors.ts'
import { unfinished } from '../../domain/messages/dispatch.ts'
import type { ClientDoc, ContactDoc, ConversationDoc, Id, MessageDoc } from '../../model/documents.ts'
import { newId, toId } from '../../model/ids.ts'
import { newConversation } from '../../model/new-rows.ts'
import { type Store, trusted } from '../connect.ts'
import { UNFINISHED_INDEX } from '../dispatch/take.ts'
import { isDuplicateKey } from '../errors.ts'
import { perStore } from '../per-store.ts'
import { TtlCache } from '../ttl-cache.ts'
import { onInsert } from '../upsert.ts'
import type { UnfinishedMessage } from './destinations.ts'

/** Reads and writes that accept a message, beside the insert of the message itself. */

/**
 * The conversation of a number with a contact, which is created if missing.
 * @param given fields to set, with a `leadId` only if the caller names one
 * @param leadId lead of a new conversation
 * @param assignedTo whose a new conversation is @param createdBy who begins a new one
 * @throws ApiError 404 when its person is erased at this moment
 */
export async function upsertConversation(
  store: Store,
  { client, contact, now }: { client: ClientDoc; contact: ContactDoc; now: Date },
  { given, ...own }: { given: Partial<ConversationDoc> } & Pick<ConversationDoc, 'leadId' | 'assignedTo' | 'createdBy'>,
): Promise<ConversationDoc> {
  const filter = { tenantId: client.tenantId, clientId: client._id, contactId: contact._id }
  const fresh = { ...newConversation(client, contact, now), ...own }
  const update = updateOf(given, contact, onInsert(fresh, filter, given))
  const conversation = await store.models.conversations
    .findOneAndUpdate({ ...filter, erased: trusted({ $exists: false }) }, update, { upsert: true, returnDocument: 'after' })
    .lean()
    .catch(error => refuseErased(store, filter, error))
  if (conversation?.messageCount === 0) await withdrawIfErased(store, conversation)
  return conversation as ConversationDoc
}

/** With a candidate's name a search finds the conversation by it, and no longer by the one before. */
function updateOf(given: Partial<ConversationDoc>, contact: ContactDoc, fresh: Partial<ConversationDoc>) {
  if (given.candidateName === undefined) return { $set: given, $setOnInsert: fresh }
  const { contact: { keys: _, ...copy } = {}, ...others } = fresh
  const members = Object.fromEntries(Object.entries(copy).map(([name, value]) => [`contact.${name}`, value]))
  const keys = searchKeys(contact, given.candidateName)
  return { $set: { ...given, 'contact.keys': keys }, $setOnInsert: { ...others, ...members } }
}

/** An erased conversation does not match, and refuses a second one. @throws ApiError 404, or the error */
async function refuseErased(
  store: Store,
  filter: Pick<ConversationDoc, 'tenantId' | 'clientId' | 'contactId'>,
  error: unknown,
): Promise<never> {
  if (isDuplicateKey(error) && (await store.models.conversations.findOne(filter, { erased: 1 }).lean())?.erased)
    throw notFound('Conversation')
  throw error
}

/**
 * A new conversation is written first and then its contact is read; an erasure writes the contact first and then reads the
 * conversations. So at least one of the two finds the other's row. @throws ApiError 404
 */
async function withdrawIfErased(store: Store, { tenantId, _id, contactId }: ConversationDoc): Promise<void> {
  const contact = await store.models.contacts.findOne({ tenantId, _id: contactId }, { erasing: 1, erasedAt: 1 }).lean()
  if (!contact?.erasing && !contact?.erasedAt) return
  await store.models.conversations.deleteOne({ tenantId, _id, messageCount: 0, erased: trusted({ $exists: false }) })
  throw notFound('Contact')
}

export interface NextMessageId {
  _id: Id
  /** The time that the message before it has in the conversation; null when nothing is still to be sent. */
  after: Date | null
}

/** Longer than any request takes that read its conversation before the message was stored. */
const KEPT_MS = 60_000
const lastAcceptedOf = perStore<TtlCache<string, UnfinishedMessage>, Store>(() => new TtlCache(10_000))

/** Remembers the message as the last one of its conversation. Call it before its insert, right after its id was made. */
export function rememberAccepted(store: Store, { conversationId, _id, at, sendAt, createdAt }: MessageDoc): void {
  lastAcceptedOf(store).set(String(conversationId), { _id, at, sendAt, createdAt }, KEPT_MS)
}

/**
 * A new id, greater than the ids of all unfinished messages of the conversation, because messages are sent in the order of their
 * ids: of those that were stored before `read`, and of those that this process has accepted since.
 * @param read the last unfinished message when the request began
 */
export function nextMessageId(store: Store, conversationId: Id, read: UnfinishedMessage | null): NextMessageId {
  const accepted = lastAcceptedOf(store).get(String(conversationId))
  const last = accepted && (read === null || String(accepted._id) > String(read._id)) ? accepted : read
  if (last === null) return { _id: newId(), after: null }
  return { _id: idAfter(last._id, newId()), after: last.sendAt === null ? last.at : last.createdAt }
}

/**
 * The id, made greater than another one if necessary. Ids that several processes make within a second have no order: then its
 * timestamp becomes the second of the other id, or the one after it; the remaining digits are unique.
 */
function idAfter(last: Id, id: Id): Id {
  const second = Math.floor(last.getTimestamp().getTime() / 1000)
  const candidates = [id, ...[second, second + 1].map(it => toId(it.toString(16).padStart(8, '0') + String(id).slice(8)))]
  return candidates.find(it => String(it) > String(last)) as Id
}

/** The last unfinished message of a conversation that was not known when the request began. */
export async function findLastUnfinished(
  { raw }: Store,
  { tenantId, _id: conversationId }: Pick<ConversationDoc, 'tenantId' | '_id'>,
): Promise<UnfinishedMessage | null> {
  const filter = { tenantId, conversationId, ...unfinished() }
  const options = { projection: { at: 1, sendAt: 1, createdAt: 1 }, sort: { _id: -1 }, hint: UNFINISHED_INDEX.hint } as const
  return await raw.messages.findOne(filter, options)
}

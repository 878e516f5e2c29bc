import type { ClientSession } from 'mongoose'
import { notFound } from '../../domain/errors.ts'
import type { ConversationDoc, Id } from '../../model/documents.ts'
import { toId } from '../../model/ids.ts'
import { type Store, trusted } from '../connect.ts'
import { findPage, type Page, type PageRequest, searching } from '../pages.ts'
import { searchPattern } from '../search.ts'

type Key = Id | string

/** The conversation with this id; null for unknown, deleted and other tenants' conversations alike. */
export async function findConversation(store: Store, tenantId: Key, id: Key): Promise<ConversationDoc | null> {
  return await store.models.conversations.findOne({ tenantId, _id: id, deletedAt: null }).lean()
}

/** Whether `findConversation` would find one. */
export async function hasConversation(store: Store, tenantId: Key, id: Key): Promise<boolean> {
  return (await store.models.conversations.exists({ tenantId, _id: id, deletedAt: null })) !== null
}

/** The stored conversation, also when it is deleted. */
export async function findStoredConversation(store: Store, tenantId: Key, id: Key): Promise<ConversationDoc | null> {
  return await store.models.conversations.findOne({ tenantId, _id: id }).lean()
}

/** @throws ApiError 404 */
export async function getConversation(store: Store, tenantId: Key, id: Key): Promise<ConversationDoc> {
  const conversation = await findConversation(store, tenantId, id)
  if (conversation === null) throw notFound('Conversation')
  return conversation
}

/** The conversations with these contacts, one for each number of the tenant, the most recently active first. */
export async function findConversationsWith(
  store: Store,
  tenantId: Key,
  contactIds: readonly Id[],
  clientId: Key | undefined,
): Promise<ConversationDoc[]> {
  const own = clientId === undefined ? {} : { clientId }
  const filter = { tenantId, contactId: trusted({ $in: [...contactIds] }), ...own, deletedAt: null }
  return await store.models.conversations.find(filter).sort({ lastActivityAt: -1 }).lean()
}

/** Filters of a list of conversations; one that is missing is not applied. */
export interface ConversationFilters {
  unread?: boolean | undefined
  assigneeId?: string | undefined
  unassigned?: boolean | undefined
  /** Only conversations whose last message is the customer's and whose window closes in this period. */
  closing?: { from: Date; to: Date } | undefined
  status?: ConversationDoc['status'] | undefined
  label?: string | undefined
  clientId?: string | undefined
  phoneNumberId?: string | undefined
  candidateId?: string | undefined
  applicationId?: string | undefined
  /** Part of a name, of a phone number in any usual form, or start of a username. */
  q?: string | undefined
}

/** Conversations of a tenant, the most recently active first. */
export async function listConversations(
  store: Store,
  tenantId: Key,
  filters: ConversationFilters,
  page: PageRequest,
): Promise<Page<ConversationDoc>> {
  const { unread, assigneeId, unassigned, closing, status, label, clientId, phoneNumberId, candidateId, applicationId, q } =
    filters
  const filter = {
    tenantId,
    deletedAt: null,
    ...(unread && { unreadCount: trusted({ $gt: 0 }) }),
    ...(assigneeId && { 'assignedTo.id': toId(assigneeId) }),
    ...(unassigned && { 'assignedTo.id': null }),
    ...(closing && {
      'lastMessage.direction': 'INBOUND' as const,
      windowExpiresAt: trusted({ $gt: closing.from, $lte: closing.to }),
    }),
    ...(status && { status }),
    ...(label && { labels: label }),
    ...(clientId && { clientId: toId(clientId) }),
    ...(phoneNumberId && { phoneNumberId }),
    ...(candidateId && { candidateId }),
    ...(applicationId && { applicationId }),
    ...(q && { $and: [trusted({ $or: searched(q) })] }),
  }
  return await findPage<ConversationDoc>(store.models.conversations, filter, 'lastActivityAt', page, searching(q))
}

/** Conditions for a search text, which is taken literally, not as a pattern. */
function searched(q: string) {
  const { text, digits } = searchPattern(q)
  const ways = [
    { 'contact.name': trusted({ $regex: text, $options: 'i' }) },
    { 'contact.username': trusted({ $regex: `^${text.replace(/^@/, '')}`, $options: 'i' }) },
    { candidateName: trusted({ $regex: text, $options: 'i' }) },
  ]
  return digits === null ? ways : [...ways, { 'contact.phone': trusted({ $regex: digits }) }]
}

/** Changes a conversation. @param provided conditions for the write @returns null when they are not met */
export async function changeConversation(
  store: Store,
  { tenantId, _id }: Pick<ConversationDoc, 'tenantId' | '_id'>,
  set: Partial<ConversationDoc>,
  provided: { 'assignedTo.id'?: null },
  session: ClientSession,
): Promise<ConversationDoc | null> {
  // The recorder counts unread messages too: it reads the row again when the version is another one.
  const raise = 'unreadCount' in set ? { $inc: { version: 1 } } : {}
  return await store.models.conversations
    .findOneAndUpdate({ tenantId, _id, ...provided }, { $set: set, ...raise }, { session, returnDocument: 'after' })
    .lean()
}

/** Number of open conversations of a user. */
export async function countOpenConversations(store: Store, tenantId: Key, assigneeId: Id): Promise<number> {
  return await store.models.conversations.countDocuments({ tenantId, 'assignedTo.id': assigneeId, status: 'open' })
}

import type { ContactDoc, Id } from '../../model/documents.ts'
import { type Store, trusted } from '../connect.ts'
import { currentViewer } from '../tenancy/tenancy.ts'

type Key = Id | string

/**
 * Conditions for what a user sees who may see the own conversations alone (`seesOwnOnly`). The user is in the context of the
 * request, like its tenant (`asTenant`), so that no caller can forget it. Every function of the store that reads conversations,
 * messages, contacts or leads for a request has one of these in its filter; outside such a request they are empty.
 * `test/integration/gateway/visibility.test.ts` asks every route.
 */

/** Conditions to be joined by `$and`. */
type Conditions = Record<string, unknown>[]

/** A filter with further conditions; without any it stays as it is. */
export const withAll = (conditions: Conditions) => (conditions.length === 0 ? {} : { $and: conditions })

export function visibleConversations(): Conditions {
  const viewer = currentViewer()
  return viewer === null ? [] : [{ 'assignedTo.id': viewer }]
}

/** The same for a filter on a conversation's id. */
export const ifVisible = () => withAll(visibleConversations())

/** Own conversations that a list of messages looks through: the most recently active ones. */
const MOST_CONVERSATIONS = 10_000

export async function visibleMessages(store: Store, tenantId: Key): Promise<Conditions> {
  const viewer = currentViewer()
  if (viewer === null) return []
  return [{ conversationId: trusted({ $in: await findOwnConversationIds(store, tenantId, viewer, MOST_CONVERSATIONS) }) }]
}

/** Whether the current request may see this conversation, if there is one. */
export async function maySeeConversation({ models }: Store, tenantId: Key, id: Key): Promise<boolean> {
  return currentViewer() === null || (await models.conversations.exists({ tenantId, _id: id, ...ifVisible() })) !== null
}

/** Agents make contacts one by one; who has imported a file is no agent. */
const MOST_CONTACTS_MADE = 10_000

/** Contacts of the own conversations, and those that the user has made. */
export async function visibleContacts(store: Store, tenantId: Key): Promise<Conditions> {
  const viewer = currentViewer()
  if (viewer === null) return []
  // By their ids, for with a condition on the author the database reads the contacts of the whole tenant in the order of the list.
  const made = store.models.contacts.find({ tenantId, createdBy: viewer }, { _id: 1 }).limit(MOST_CONTACTS_MADE).lean()
  const [own, ownMade] = await Promise.all([ownContactIds(store, tenantId, viewer), made])
  return [{ _id: trusted({ $in: [...own, ...ownMade.map(({ _id }) => _id)] }) }]
}

/** Whether the current request may see this contact. */
export async function maySeeContact(store: Store, { tenantId, _id }: Pick<ContactDoc, 'tenantId' | '_id'>): Promise<boolean> {
  if (currentViewer() === null) return true
  return (await store.models.contacts.exists({ tenantId, _id, ...withAll(await visibleContacts(store, tenantId)) })) !== null
}

/** Leads of those contacts, and those that the user has made. */
export async function visibleLeads(store: Store, tenantId: Key): Promise<Conditions> {
  const viewer = currentViewer()
  if (viewer === null) return []
  const own = { contactId: trusted({ $in: await ownContactIds(store, tenantId, viewer) }) }
  return [trusted({ $or: [own, { createdBy: viewer }] })]
}

async function ownContactIds({ models }: Store, tenantId: Key, viewer: Id): Promise<Id[]> {
  return await models.conversations.distinct('contactId', { tenantId, 'assignedTo.id': viewer })
}

/** Ids of a user's conversations, the most recently active first. */
export async function findOwnConversationIds({ models }: Store, tenantId: Key, userId: Key, limit: number): Promise<Id[]> {
  const rows = await models.conversations
    .find({ tenantId, 'assignedTo.id': userId }, { _id: 1 })
    .sort({ lastActivityAt: -1, _id: -1 })
    .limit(limit)
    .lean()
  return rows.map(({ _id }) => _id)
}

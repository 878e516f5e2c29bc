import { phoneVariants } from '../../domain/contacts/phone-variants.ts'
import { type Scopes, userIdIn } from '../../domain/contacts/user-ids.ts'
import { unfinished } from '../../domain/messages/dispatch.ts'
import type { ContactDoc, ConversationDoc, Id, MessageDoc } from '../../model/documents.ts'
import { toId } from '../../model/ids.ts'
import { createSharedReads, type SharedReads } from '../../process/shared-reads.ts'
import type { Store } from '../connect.ts'
import type { ContactKeys } from '../contacts/recipients.ts'
import { orOutage } from '../outage.ts'
import { perStore } from '../per-store.ts'
import { refuseOverload } from './overload.ts'

/**
 * The reads of accepting a message: contact, conversation and last unfinished message by one command, which all callers of a
 * moment share. Their tenants may differ, so a row is given only to callers of its tenant.
 */

/** The stored destination of a message, as it was after the caller asked. */
export interface FoundDestination {
  conversation: ConversationDoc | null
  contact: ContactDoc | null
  lastUnfinished: UnfinishedMessage | null
}

/** Of the unfinished messages of a conversation the one with the greatest id. */
export type UnfinishedMessage = Pick<MessageDoc, '_id' | 'at' | 'sendAt' | 'createdAt'>

interface ByConversation {
  tenantId: Id
  conversationId: Id
}
interface ByKeys extends ContactKeys {
  tenantId: Id
  clientId: Id
  /** Portfolios in which the user id is looked for. */
  scopes: Scopes
}
type By = 'waId' | 'userId' | 'otherUserIds.userId'
type Key = Id | string

/** A second command starts beside one for a crowd only. */
const RUNS = { parallel: 2, minParallelItems: 50, maxItems: 100 }

const readsOf = perStore((store: Store) => ({
  byConversation: createSharedReads((asked: ByConversation[]) => orOutage(readConversations(store, asked)), RUNS),
  byWaId: createSharedReads((asked: ByKeys[]) => orOutage(readContacts(store, 'waId', asked)), RUNS),
  byUserId: createSharedReads((asked: ByKeys[]) => orOutage(readContacts(store, 'userId', asked)), RUNS),
  byOtherUserId: createSharedReads((asked: ByKeys[]) => orOutage(readContacts(store, 'otherUserIds.userId', asked)), RUNS),
}))

/**
 * The conversation with this id and its contact, also a deleted or merged one; null for unknown, deleted and other tenants'
 * conversations alike. @throws ApiError 503 OVERLOADED, Outage
 */
export const findDestinationIn = (store: Store, tenantId: Key, conversationId: Key): Promise<FoundDestination | null> =>
  readUnlessOverloaded(readsOf(store).byConversation, { tenantId: toId(tenantId), conversationId: toId(conversationId) })

/**
 * The contact with this user id in the portfolio of the number, else with this phone number, exactly or in another form of it; and
 * its conversation with the number. @throws ApiError 503 OVERLOADED, Outage
 */
export async function findDestinationWith(
  store: Store,
  tenantId: Key,
  { clientId, waId, userId, scopes }: ContactKeys & { clientId: Id; scopes: Scopes },
): Promise<FoundDestination> {
  const { byUserId, byOtherUserId, byWaId } = readsOf(store)
  const asked = { tenantId: toId(tenantId), clientId, waId, userId, scopes }
  if (userId === null) return await readUnlessOverloaded(byWaId, asked)
  const found = await readUnlessOverloaded(byUserId, asked)
  // Rare: somebody who is known in several portfolios of the tenant.
  return found.contact === null ? await readUnlessOverloaded(byOtherUserId, asked) : found
}

async function readUnlessOverloaded<K, V>(reads: SharedReads<K, V>, asked: K): Promise<V> {
  refuseOverload(reads.size())
  return await reads.read(asked)
}

type ConversationRow = ConversationDoc & { unfinished: UnfinishedMessage[] }

/**
 * Joins the last unfinished message of a conversation. The sort names both fields of the index `dispatch_predecessor`, because a
 * join takes no hint; without the tenant, for which the planner would weigh other indexes: the conversation is of the tenant.
 */
const LAST_UNFINISHED = {
  $lookup: {
    from: 'messages',
    localField: '_id',
    foreignField: 'conversationId',
    pipeline: [
      { $match: unfinished() },
      { $sort: { conversationId: -1, _id: -1 } },
      { $limit: 1 },
      { $project: { at: 1, sendAt: 1, createdAt: 1 } },
    ],
    as: 'unfinished',
  },
}

/** Exported for the test of its indexes. */
export const conversationStages = (asked: readonly ByConversation[]) => [
  { $match: { _id: { $in: asked.map(it => it.conversationId) }, tenantId: { $in: tenantsOf(asked) }, deletedAt: null } },
  LAST_UNFINISHED,
  // After it: a plain join that comes first is compiled by the server, which costs more than it reads.
  { $lookup: { from: 'contacts', localField: 'contactId', foreignField: '_id', as: 'contacts' } },
]

async function readConversations({ raw }: Store, asked: ByConversation[]): Promise<(FoundDestination | null)[]> {
  type Row = ConversationRow & { contacts: ContactDoc[] }
  const rows = await raw.conversations.aggregate<Row>(conversationStages(asked), { hint: '_id_' }).toArray()
  const byId = new Map(rows.map(({ contacts, ...row }) => [`${row.tenantId} ${row._id}`, { row, contacts }]))
  return asked.map(({ tenantId, conversationId }) => {
    const found = byId.get(`${tenantId} ${conversationId}`)
    return found ? destinationOf(found.contacts.find(isOf(tenantId)), found.row) : null
  })
}

/** Exported for the test of its indexes. */
export const contactStages = (by: By, asked: readonly Omit<ByKeys, 'scopes'>[]) => {
  const keys = [...new Set(asked.flatMap(it => keysOf(by, it)))]
  const clientId = { $in: unique(asked.map(it => it.clientId)) }
  const tenantId = { $in: tenantsOf(asked) }
  const pipeline = [{ $match: { tenantId, clientId, deletedAt: null } }, LAST_UNFINISHED]
  return [
    { $match: { tenantId, [by]: { $in: keys }, deletedAt: null } },
    { $lookup: { from: 'conversations', localField: '_id', foreignField: 'contactId', pipeline, as: 'conversations' } },
  ]
}

const CONTACT_INDEXES = { waId: 'tenant_wa', userId: 'tenant_user', 'otherUserIds.userId': 'tenant_other_user' } as const

async function readContacts({ raw }: Store, by: By, asked: ByKeys[]): Promise<FoundDestination[]> {
  type Row = ContactDoc & { conversations: ConversationRow[] }
  const rows = await raw.contacts.aggregate<Row>(contactStages(by, asked), { hint: CONTACT_INDEXES[by] }).toArray()
  const found = rows.map(({ conversations, ...contact }) => ({ contact, conversations }))
  const byKey = Map.groupBy(
    found.flatMap(one => namesOf(by, one.contact).map(name => ({ name: `${one.contact.tenantId} ${name}`, one }))),
    ({ name }) => name,
  )
  return asked.map(it => {
    const [found] = keysOf(by, it)
      .flatMap(key => byKey.get(`${it.tenantId} ${key}`) ?? [])
      .flatMap(({ one }) => (by === 'waId' || userIdIn(one.contact, it.scopes) === it.userId ? [one] : []))
    return destinationOf(
      found?.contact,
      found?.conversations.find(({ clientId }) => clientId.equals(it.clientId)),
    )
  })
}

/** Keys that may name the person, the given one first. */
const keysOf = (by: By, { waId, userId }: ContactKeys): string[] => (by === 'waId' ? phoneVariants(waId ?? '') : [userId ?? ''])

/** Keys by which a row was found. */
const namesOf = (by: By, { waId, userId, otherUserIds }: ContactDoc): (string | null)[] =>
  by === 'otherUserIds.userId' ? (otherUserIds ?? []).map(other => other.userId) : [by === 'waId' ? waId : userId]

function destinationOf(contact: ContactDoc | undefined, row: ConversationRow | undefined): FoundDestination {
  if (row === undefined) return { contact: contact ?? null, conversation: null, lastUnfinished: null }
  const { unfinished: last, ...conversation } = row
  return { contact: contact ?? null, conversation, lastUnfinished: last[0] ?? null }
}

const isOf = (tenantId: Id) => (row: ContactDoc) => row.tenantId.equals(tenantId)
const tenantsOf = (asked: readonly { tenantId: Id }[]): Id[] => unique(asked.map(({ tenantId }) => tenantId))
const unique = (ids: readonly Id[]): Id[] => [...new Map(ids.map(id => [String(id), id])).values()]

import type { ClientSession } from 'mongoose'
import { ApiError, notFound } from '../../domain/errors.ts'
import type { ConversationDoc, Id } from '../../model/documents.ts'
import { toId } from '../../model/ids.ts'
import { createNextReads } from '../../process/next-reads.ts'
import { type Store, trusted } from '../connect.ts'
import { findPeople } from '../find-people.ts'
import { findPage, LIST_MS, type Page, type PageRequest } from '../pages.ts'
import { perStore } from '../per-store.ts'
import { ifVisible, visibleConversations, withAll } from './visibility.ts'

type Key = Id | string

/** The conversation with this id; null for unknown, deleted and other tenants' conversations alike. */
export async function findConversation(store: Store, tenantId: Key, id: Key): Promise<ConversationDoc | null> {
  return await store.models.conversations.findOne({ tenantId, _id: id, deletedAt: null, ...ifVisible() }).lean()
}

/** Whether `findConversation` would find one. */
export async function hasConversation(store: Store, tenantId: Key, id: Key): Promise<boolean> {
  return (await store.models.conversations.exists({ tenantId, _id: id, deletedAt: null, ...ifVisible() })) !== null
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
  const filter = { tenantId, contactId: trusted({ $in: [...contactIds] }), ...own, deletedAt: null, ...ifVisible() }
  return await store.models.conversations.find(filter).sort({ lastActivityAt: -1 }).lean()
}

/** The headlines of ads, as the customers who came last saw them. */
export async function findAdHeadlines({ models }: Store, tenantId: Key, adIds: readonly string[]): Promise<Map<string, string>> {
  if (adIds.length === 0) return new Map()
  const rows = await models.conversations.aggregate<{ _id: string; headline: string | null }>([
    { $match: { tenantId: toId(tenantId), 'lastReferral.sourceId': { $in: adIds } } },
    {
      $group: {
        _id: '$lastReferral.sourceId',
        headline: { $top: { sortBy: { 'lastReferral.at': -1 }, output: '$lastReferral.headline' } },
      },
    },
  ])
  return new Map(rows.flatMap(({ _id, headline }) => (headline === null ? [] : [[_id, headline] as const])))
}

/** Filters of a list of conversations; one that is missing is not applied. */
export interface ConversationFilters {
  unread?: boolean | undefined
  assigneeId?: string | undefined
  unassigned?: boolean | undefined
  /** Only conversations whose last message is the customer's and whose window closes in this period. */
  closing?: { from: Date; to: Date } | undefined
  /** Whose customer service window is open, or closed, at this time. */
  window?: { is: 'open' | 'closed'; at: Date } | undefined
  /** `open`: open and not snoozed. */
  status?: ConversationDoc['status'] | 'snoozed' | undefined
  /** Only those whose customer waits for an answer; `first`: who never had one. Neither closed nor snoozed ones. */
  waiting?: 'any' | 'first' | undefined
  label?: string | undefined
  clientId?: string | undefined
  phoneNumberId?: string | undefined
  candidateId?: string | undefined
  applicationId?: string | undefined
  /** Meta's id of the ad or post from which the customer came last. */
  adId?: string | undefined
  /** Beginnings of words of a name or username, or part of a phone number, as `searchTerms` reads them. */
  q?: string | undefined
}

/**
 * Conversations of a tenant, the most recently active first.
 * @param isByWait those whose customer waits, the one who waits longest first
 */
export async function listConversations(
  store: Store,
  tenantId: Key,
  filters: ConversationFilters,
  page: PageRequest,
  isByWait = false,
): Promise<Page<ConversationDoc>> {
  const { conversations } = store.models
  const filter = conditionsOf(tenantId, isByWait ? { ...filters, waiting: filters.waiting ?? 'any' } : filters)
  const field = isByWait ? 'waitingSince' : 'lastActivityAt'
  if (filters.q === undefined) return await findPage<ConversationDoc>(conversations, filter, field, page, { ascending: isByWait })
  const sought = { filter, keys: 'contact.keys', q: filters.q } as const
  return await findPeople<ConversationDoc>(conversations, sought, field, page, isByWait)
}

/** All agents of a tenant count the same at the same moments: after each event. */
const countsOf = perStore(() => createNextReads<number>())

/** Number of conversations that the filters leave, at most `limit`. */
export async function countConversations(
  store: Store,
  tenantId: Key,
  filters: Omit<ConversationFilters, 'q'>,
  limit: number,
): Promise<number> {
  const conditions = conditionsOf(tenantId, filters)
  return await countsOf(store)(`${limit} ${JSON.stringify(conditions)}`, () =>
    store.models.conversations.countDocuments(conditions, { limit, maxTimeMS: LIST_MS }).exec(),
  )
}

/** Number of conversations that the filters leave and whose customers wait for a first answer, at most `limit`. */
export async function countUnattended(store: Store, tenantId: Key, filters: ConversationFilters, limit: number): Promise<number> {
  const unattended = { ...filters, waiting: 'first' } as const
  if (filters.q === undefined) return await countConversations(store, tenantId, unattended, limit)
  return Math.min((await listConversations(store, tenantId, unattended, { page: 1, limit: 1 }, true)).total, limit)
}

/** Conversations whose customers wait, neither closed nor snoozed. */
export const WAITS = { status: 'open', snoozedUntil: null, waitingSince: trusted({ $gt: new Date(0) }) } as const

function conditionsOf(tenantId: Key, filters: ConversationFilters) {
  const {
    unread,
    assigneeId,
    unassigned,
    closing,
    window,
    waiting,
    label,
    clientId,
    phoneNumberId,
    candidateId,
    applicationId,
    adId,
  } = filters
  return {
    tenantId,
    deletedAt: null,
    ...(unread && { unreadCount: trusted({ $gt: 0 }) }),
    ...(assigneeId && { 'assignedTo.id': toId(assigneeId) }),
    ...(unassigned && { 'assignedTo.id': null }),
    ...(closing && {
      'lastMessage.direction': 'INBOUND' as const,
      windowExpiresAt: trusted({ $gt: closing.from, $lte: closing.to }),
    }),
    ...(window && windowIs(window)),
    ...statusOf(filters),
    ...(waiting && { ...WAITS, ...(waiting === 'first' && { attendedAt: null, answeredElsewhereAt: null }) }),
    ...(label && { labels: label }),
    ...(clientId && { clientId: toId(clientId) }),
    ...(phoneNumberId && { phoneNumberId }),
    ...(candidateId && { candidateId }),
    ...(applicationId && { applicationId }),
    ...(adId && { 'lastReferral.sourceId': adId }),
    ...withAll(visibleConversations()),
  }
}

/** A window that never opened is closed. */
const windowIs = ({ is, at }: { is: 'open' | 'closed'; at: Date }) => ({
  windowExpiresAt: is === 'open' ? trusted({ $gt: at }) : trusted({ $not: { $gt: at } }),
})

function statusOf({ status }: ConversationFilters) {
  if (status === 'snoozed') return { snoozedUntil: trusted({ $gt: new Date(0) }) }
  return status === 'open' ? { status, snoozedUntil: null } : status && { status }
}

/** Changes a conversation. @param provided conditions for the write @returns null when they are not met */
export async function changeConversation(
  store: Store,
  { tenantId, _id }: Pick<ConversationDoc, 'tenantId' | '_id'>,
  set: Partial<ConversationDoc>,
  provided: { 'assignedTo.id'?: null },
  session: ClientSession,
): Promise<ConversationDoc | null> {
  // The recorder derives these too: it reads the row again when the version is another one.
  const isDerived = ['unreadCount', 'waitingSince', 'snoozedUntil', 'threadOwner'].some(field => field in set)
  const raise = isDerived ? { $inc: { version: 1 } } : {}
  return await store.models.conversations
    .findOneAndUpdate({ tenantId, _id, ...provided }, { $set: set, ...raise }, { session, returnDocument: 'after' })
    .lean()
}

/** Labels of a conversation after a change, as it is in this transaction. @throws ApiError 404, 422 LABELS_TOO_MANY */
export async function labelsAfter(
  store: Store,
  { tenantId, _id }: Pick<ConversationDoc, 'tenantId' | '_id'>,
  { add, remove }: { add: readonly string[]; remove: readonly string[] },
  session: ClientSession,
): Promise<string[]> {
  const row = await store.models.conversations.findOne({ tenantId, _id }, { labels: 1 }, { session }).lean()
  if (row === null) throw notFound('Conversation')
  const labels = [...new Set([...row.labels, ...add])].filter(label => !remove.includes(label))
  if (labels.length > MOST_LABELS)
    throw new ApiError(422, 'LABELS_TOO_MANY', `A conversation can have at most ${MOST_LABELS} labels.`, {
      parameters: { most: MOST_LABELS },
    })
  return labels
}

const MOST_LABELS = 20

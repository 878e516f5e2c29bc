import type { ClientSession } from 'mongoose'
import { notFound } from '../../domain/errors.ts'
import type { ConversationDoc, Id, MessageDoc } from '../../model/documents.ts'
import { toId } from '../../model/ids.ts'
import { type Store, trusted } from '../connect.ts'
import { findPage, type Page, type PageRequest } from '../pages.ts'
import { maySeeConversation } from './visibility.ts'

type Key = Id | string
type InConversation = Pick<ConversationDoc, 'tenantId' | '_id'>

/** The message with this id; null for unknown and other tenants' messages alike. */
export async function findMessage(store: Store, tenantId: Key, id: Key): Promise<MessageDoc | null> {
  const message = await store.models.messages.findOne({ tenantId, _id: id }).lean()
  return message && (await maySeeConversation(store, tenantId, message.conversationId)) ? message : null
}

/** @throws ApiError 404 for unknown and other tenants' messages alike */
export async function getMessage(store: Store, tenantId: Key, id: Key): Promise<MessageDoc> {
  const message = await findMessage(store, tenantId, id)
  if (message === null) throw notFound('Message')
  return message
}

/** Status and dispatch of a message, for a caller that waits for its outcome. */
export async function findProgress(
  store: Store,
  tenantId: Key,
  id: Key,
): Promise<Pick<MessageDoc, 'status' | 'dispatch'> | null> {
  return await store.models.messages.findOne({ tenantId, _id: id }, { status: 1, dispatch: 1 }).lean()
}

/** The message that a request with this Idempotency-Key created. */
export async function findMessageByKey(store: Store, tenantId: Key, idempotencyKey: string): Promise<MessageDoc | null> {
  return await store.models.messages.findOne({ tenantId, idempotencyKey }).lean()
}

/** A message of this conversation, by our id or by its wamid. */
export async function findMessageNamed(
  store: Store,
  { tenantId, _id: conversationId }: InConversation,
  name: string,
): Promise<Pick<MessageDoc, '_id' | 'wamid'> | null> {
  const by = /^[0-9a-f]{24}$/i.test(name) ? { _id: name } : { wamid: name }
  return await store.models.messages.findOne({ tenantId, ...by, conversationId }, { wamid: 1 }).lean()
}

/** Messages of a conversation, newest first unless `ascending`; without timeline and payload. */
export async function listMessages(
  store: Store,
  tenantId: Key,
  conversationId: string,
  page: PageRequest,
  ascending: boolean,
): Promise<Page<MessageDoc>> {
  const filter = { tenantId, conversationId: toId(conversationId) }
  return await findPage<MessageDoc>(store.models.messages, filter, 'at', page, {
    ascending,
    projection: { timeline: 0, payload: 0 },
  })
}

/** Ids of the messages of a conversation from one time until before another, oldest first. */
export async function messageIdsBetween(
  store: Store,
  tenantId: Key,
  conversationId: string,
  { from, to }: { from: Date; to: Date },
  limit: number,
): Promise<Id[]> {
  const filter = { tenantId, conversationId: toId(conversationId), at: trusted({ $gte: from, $lt: to }) }
  const rows = await store.models.messages.find(filter, { _id: 1 }).sort({ at: 1, _id: 1 }).limit(limit).lean()
  return rows.map(({ _id }) => _id)
}

/** Messages of several conversations, newest first; without timeline and payload. `withFile`: only those that have a file. */
export async function listMessagesOf(
  store: Store,
  tenantId: Key,
  conversationIds: readonly Id[],
  page: PageRequest,
  withFile = false,
): Promise<Page<MessageDoc>> {
  const file = withFile ? { 'content.media': trusted({ $ne: null }) } : {}
  const filter = { tenantId, conversationId: trusted({ $in: [...conversationIds] }), ...file }
  return await findPage<MessageDoc>(store.models.messages, filter, 'at', page, { projection: { timeline: 0, payload: 0 } })
}

/** What messages have cost so far by the account's own prices, by currency: those that WhatsApp has accepted. */
export async function sumCosts(
  store: Store,
  tenantId: Key,
  conversationIds: readonly Id[],
): Promise<{ currency: string; amount: number }[]> {
  const rows = await store.models.messages.aggregate<{ _id: string; amount: number }>([
    {
      $match: {
        tenantId: toId(tenantId),
        conversationId: { $in: [...conversationIds] },
        status: { $in: ['SENT', 'DELIVERED', 'READ'] },
        'cost.amount': { $gt: 0 },
      },
    },
    { $group: { _id: '$cost.currency', amount: { $sum: '$cost.amount' } } },
    { $sort: { _id: 1 } },
  ])
  // Sums of cents in binary fractions: 0.1 + 0.2 is not shown as 0.30000000000000004.
  return rows.map(({ _id, amount }) => ({ currency: _id, amount: Math.round(amount * 1e6) / 1e6 }))
}

const MAX_READ_AT_ONCE = 1000

/**
 * Marks inbound messages as read: the newest unread ones, as many as `unreadCount` says, so that a long conversation is not
 * scanned to its beginning. Runs in the transaction that writes the count: a message that arrives meanwhile conflicts with it,
 * and stays unread.
 * @param upTo the last message that was seen; null for all
 * @returns what the conversation shows then, and the wamid of the newest message that was marked
 * @throws ApiError 404
 */
export async function readMessages(
  store: Store,
  { tenantId, _id: conversationId }: InConversation,
  upTo: Key | null,
  now: Date,
  session: ClientSession,
): Promise<{ shown: Partial<ConversationDoc>; lastRead: string | null }> {
  const { conversations, messages } = store.models
  const shown = { unreadCount: 1, messageCount: 1, lastMessage: 1 }
  const row = await conversations.findOne({ tenantId, _id: conversationId }, shown, { session }).lean()
  const count = Math.min(row?.unreadCount ?? 0, MAX_READ_AT_ONCE)
  if (count === 0) return { shown: { unreadCount: 0 }, lastRead: null }
  // A message that the recorder has stored and not counted yet was not shown to anybody.
  const isCounted = { seq: trusted({ $not: { $gt: row?.messageCount ?? 0 } }) }
  const inbound = { tenantId, conversationId, direction: 'INBOUND', status: 'RECEIVED' } as const
  const unread = await messages
    .find({ ...inbound, ...isCounted }, { at: 1, wamid: 1 }, { session })
    .sort({ at: -1, _id: -1 })
    .limit(count)
    .lean()
  const seen =
    upTo === null ? null : await messages.findOne({ tenantId, _id: upTo, conversationId }, { at: 1 }, { session }).lean()
  if (upTo !== null && seen === null) throw notFound('Message')
  const later = seen === null ? [] : unread.filter(message => isLater(message, seen))
  const read = unread.filter(message => !later.includes(message))
  const ids = read.map(({ _id }) => _id)
  const filter = { tenantId, _id: trusted({ $in: ids }), status: 'RECEIVED' as const }
  await messages.updateMany(filter, { $set: { status: 'READ', statusUpdatedAt: now } }, { session })
  const last = row?.lastMessage
  const isLastRead = last != null && ids.some(id => id.equals(last.messageId))
  const lastMessage = isLastRead && { lastMessage: { ...last, status: 'READ' as const } }
  return { shown: { unreadCount: later.length, ...lastMessage }, lastRead: read[0]?.wamid ?? null }
}

type Position = Pick<MessageDoc, '_id' | 'at'>
/** Whether a message comes after another in its conversation. */
const isLater = (one: Position, other: Position) =>
  one.at.getTime() > other.at.getTime() || (one.at.getTime() === other.at.getTime() && String(one._id) > String(other._id))

import { type ClientSession, Types } from 'mongoose'
import { notFound } from '../domain/errors.ts'
import { type Store, trusted } from './connect.ts'
import { UNFINISHED_INDEX } from './dispatch.ts'
import type { ConversationDoc, Id, MessageDoc } from './documents.ts'
import { findPage, type Page, type PageWish } from './pages.ts'

type Key = Id | string
type InConversation = Pick<ConversationDoc, 'tenantId' | '_id'>

/** @throws ApiError 404 for unknown and other tenants' messages alike */
export async function getMessage(store: Store, tenantId: Key, id: Key): Promise<MessageDoc> {
  const message = await store.models.messages.findOne({ tenantId, _id: id }).lean()
  if (message === null) throw notFound('Message')
  return message
}

/** The message that a request with this Idempotency-Key has made. */
export async function findMessageByKey(store: Store, tenantId: Key, idempotencyKey: string): Promise<MessageDoc | null> {
  return await store.models.messages.findOne({ tenantId, idempotencyKey }).lean()
}

/** By our id or by the wamid, in this conversation only. */
export async function findMessageNamed(
  store: Store,
  { tenantId, _id: conversationId }: InConversation,
  name: string,
): Promise<Pick<MessageDoc, '_id' | 'wamid'> | null> {
  const by = /^[0-9a-f]{24}$/i.test(name) ? { _id: name } : { wamid: name }
  return await store.models.messages.findOne({ tenantId, ...by, conversationId }, { wamid: 1 }).lean()
}

/** Newest first, unless `ascending`; without what only the detail shows. */
export async function listMessages(
  store: Store,
  tenantId: Key,
  conversationId: string,
  wish: PageWish,
  ascending: boolean,
): Promise<Page<MessageDoc>> {
  const filter = { tenantId, conversationId: new Types.ObjectId(conversationId) }
  return await findPage<MessageDoc>(store.models.messages, filter, 'at', wish, {
    ascending,
    projection: { timeline: 0, payload: 0 },
  })
}

/** The newest ones that nobody has read. */
export async function findUnread(store: Store, conversation: InConversation, limit: number): Promise<Id[]> {
  const { tenantId, _id: conversationId } = conversation
  const rows = await store.models.messages
    .find({ tenantId, conversationId, direction: 'INBOUND', status: 'RECEIVED' }, { _id: 1 })
    .sort({ at: -1, _id: -1 })
    .limit(limit)
    .lean()
  return rows.map(({ _id }) => _id)
}

/** Inbound ones only know one step: RECEIVED, then READ. */
export async function markMessagesRead(store: Store, tenantId: Key, ids: Id[], now: Date, session: ClientSession): Promise<void> {
  const filter = { tenantId, _id: trusted({ $in: ids }), status: 'RECEIVED' as const }
  await store.models.messages.updateMany(filter, { $set: { status: 'READ', statusUpdatedAt: now } }, { session })
}

/** The greatest id of what is still to be sent in a conversation. */
export async function findLastUnfinished(
  store: Store,
  { tenantId, _id: conversationId }: InConversation,
  session: ClientSession,
): Promise<Id | null> {
  const filter = { tenantId, conversationId, 'dispatch.state': trusted({ $exists: true }) }
  const last = await store.models.messages
    .findOne(filter, { _id: 1 }, { session })
    .sort({ _id: -1 })
    .hint(UNFINISHED_INDEX.hint)
    .lean()
  return last?._id ?? null
}

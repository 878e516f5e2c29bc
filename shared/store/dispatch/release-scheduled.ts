import type { ClientSession, mongo } from 'mongoose'
import { asUpdate, ready } from '../../domain/messages/dispatch.ts'
import type { ConversationDoc, EventDoc, MessageDoc } from '../../model/documents.ts'
import { lastMessageOf } from '../../model/new-rows.ts'
import { conversationUpdated, eventIds, messageScheduled } from '../../views/events.ts'
import type { Store } from '../connect.ts'
import { STILL_SCHEDULED } from '../inbox/scheduled.ts'
import { BY_ID } from './outcome-writes.ts'

/**
 * Releases scheduled messages that are due: they become READY and the last message of their conversations. In one transaction,
 * because a message may be changed or cancelled until its release and not later. @throws Outage
 */
export async function releaseScheduled(
  store: Store,
  due: readonly Pick<MessageDoc, '_id' | 'tenantId'>[],
  now: Date,
): Promise<{ rows: MessageDoc[]; events: EventDoc[] }> {
  if (due.length === 0) return { rows: [], events: [] }
  return await store.transaction(async session => {
    const dueRows = { _id: { $in: due.map(({ _id }) => _id) }, tenantId: { $in: due.map(({ tenantId }) => tenantId) } }
    const filter = { ...dueRows, ...STILL_SCHEDULED, 'dispatch.nextStepAt': { $lte: now } }
    const rows = await store.raw.messages.find(filter, { session, hint: BY_ID }).sort({ _id: 1 }).toArray()
    if (rows.length === 0) return { rows, events: [] }
    const $set = { ...asUpdate(ready(now)), updatedAt: now }
    await store.raw.messages.updateMany(
      { ...dueRows, _id: { $in: rows.map(({ _id }) => _id) } },
      { $set },
      { session, hint: BY_ID },
    )
    await store.raw.conversations.bulkWrite(rows.map(showAsLast), { session, ordered: true })
    const events = [
      ...(await conversationEvents(store, rows, now, session)),
      ...rows.map(row => messageScheduled(row, 'released', now)),
    ]
    await store.raw.events.insertMany(events, { session })
    return { rows, events }
  })
}

function showAsLast(message: MessageDoc): mongo.AnyBulkWriteOperation<ConversationDoc> {
  const { conversationId: _id, tenantId, at } = message
  const isNewest = { $or: [{ lastMessage: null }, { 'lastMessage.at': { $lte: at } }] }
  const update = { $set: { lastMessage: lastMessageOf(message), lastActivityAt: at } }
  return { updateOne: { filter: { _id, tenantId, ...isNewest }, update, hint: BY_ID } }
}

async function conversationEvents(store: Store, rows: MessageDoc[], now: Date, session: ClientSession): Promise<EventDoc[]> {
  const filter = {
    _id: { $in: rows.map(({ conversationId }) => conversationId) },
    tenantId: { $in: rows.map(({ tenantId }) => tenantId) },
  }
  const conversations = await store.raw.conversations.find(filter, { session, hint: BY_ID }).toArray()
  return conversations.map(doc => conversationUpdated(eventIds.released(doc._id, now), doc, now))
}

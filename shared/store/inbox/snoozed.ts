import type { ConversationDoc, EventDoc } from '../../model/documents.ts'
import { newId } from '../../model/ids.ts'
import { conversationEdited } from '../../views/events.ts'
import { type Store, trusted } from '../connect.ts'
import { insertEvents } from '../events/insert.ts'
import { acrossTenants } from '../tenancy/tenancy.ts'

/** Conversations of all tenants whose snooze is over, the earliest first. */
export async function findDueSnoozes({ models }: Store, now: Date, limit: number): Promise<ConversationDoc[]> {
  return await acrossTenants(() =>
    models.conversations
      .find({ snoozedUntil: trusted({ $gt: new Date(0), $lte: now }) })
      .sort({ snoozedUntil: 1 })
      .limit(limit)
      .lean(),
  )
}

/** Wakes a conversation, unless its snooze was changed meanwhile. @returns its event */
export async function wake(store: Store, conversation: ConversationDoc, now: Date): Promise<EventDoc[]> {
  const { tenantId, _id, snoozedUntil } = conversation
  return await store.transaction(async session => {
    const awake = await store.models.conversations
      .findOneAndUpdate(
        { tenantId, _id, snoozedUntil: snoozedUntil ?? null },
        { $set: { snoozedUntil: null }, $inc: { version: 1 } },
        { session, returnDocument: 'after' },
      )
      .lean()
    if (awake === null || awake.deletedAt) return []
    const events = [conversationEdited(newId(), awake, now)]
    await insertEvents(store, events, session)
    return events
  })
}

import type { ClientSession, mongo } from 'mongoose'
import type { Store } from './connect.ts'
import type { Id } from './documents.ts'
import type { Draft, RecordState } from './record-state.ts'

/** Writes what a batch changed: one bulk write a collection, all in the caller's transaction. */
export async function writeState({ raw }: Store, state: RecordState, session: ClientSession): Promise<void> {
  await writeDrafts(raw.contacts, state.contacts, session)
  await writeDrafts(raw.leads, state.leads.values(), session)
  await writeDrafts(raw.conversations, state.conversations.values(), session)
  await writeDrafts(raw.messages, state.messages.values(), session)
  await writeWebhookEvents(raw, state, session)
  if (state.parked.length > 0) {
    const operations = state.parked.map(({ _id, ...rest }) => ({
      updateOne: { filter: { _id }, update: { $setOnInsert: rest }, upsert: true },
    }))
    await raw.pendingStatuses.bulkWrite(operations, { session, ordered: false })
  }
  if (state.settledParked.length > 0) await raw.pendingStatuses.deleteMany({ _id: { $in: state.settledParked } }, { session })
  if (state.events.length > 0) await raw.events.insertMany(state.events, { session, ordered: false })
}

async function writeDrafts<T extends { _id: Id }>(
  collection: mongo.Collection<T>,
  drafts: Iterable<Draft<T>>,
  session: ClientSession,
): Promise<void> {
  const inserts: T[] = []
  const updates: mongo.AnyBulkWriteOperation<T>[] = []
  for (const { doc, isNew, changed } of drafts) {
    if (isNew) inserts.push(doc)
    else if (changed.size > 0) updates.push(updateOf(doc, changed))
  }
  if (inserts.length > 0) await collection.insertMany(inserts as mongo.OptionalUnlessRequiredId<T>[], { session, ordered: false })
  if (updates.length > 0) await collection.bulkWrite(updates, { session, ordered: false })
}

/** By `_id` alone: it was read in this very transaction, within its tenant. */
function updateOf<T extends { _id: Id }>(doc: T, changed: Set<keyof T>): mongo.AnyBulkWriteOperation<T> {
  const $set = Object.fromEntries([...changed].map(key => [key, doc[key]]))
  return { updateOne: { filter: { _id: doc._id } as mongo.Filter<T>, update: { $set } as mongo.UpdateFilter<T> } }
}

/** Those that stand there (parked, failed before, replayed) get their new word; the others are new. */
async function writeWebhookEvents(raw: Store['raw'], state: RecordState, session: ClientSession): Promise<void> {
  const fresh = state.webhookEvents.filter(event => !state.known.has(event._id))
  const again = state.webhookEvents.filter(event => state.known.has(event._id))
  if (fresh.length > 0) await raw.webhookEvents.insertMany(fresh, { session, ordered: false })
  if (again.length === 0) return
  const operations = again.map(({ _id, status, reason, processedAt, tenantId }) => ({
    updateOne: { filter: { _id }, update: { $set: { status, reason, processedAt, tenantId }, $inc: { attempts: 1 } } },
  }))
  await raw.webhookEvents.bulkWrite(operations, { session, ordered: false })
}

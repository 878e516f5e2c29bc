import type { ClientSession, mongo } from 'mongoose'
import type { Changes, Move, Plan, Update } from '../../model/batch-plan.ts'
import type { ContactDoc, Id, WebhookEventDoc } from '../../model/documents.ts'
import { appended } from '../../model/timeline.ts'
import type { Store } from '../connect.ts'

type Raw = Store['raw']

/** Writes the plan of a batch in the caller's transaction: one insert and one bulk update for each collection. */
export async function writeBatch(raw: Raw, plan: Plan, now: Date, session: ClientSession): Promise<void> {
  // Webhook events first: their unique ids stop a copy of the batch in another process here.
  await insert(raw.webhookEvents, plan.webhookEvents.inserts, session)
  await replace(raw, plan.webhookEvents.replaced, now, session)
  await insert(raw.projectionReceipts, plan.receipts, session)
  await writeContacts(raw.contacts, plan.contacts, now, session)
  await insert(raw.leads, plan.leads, session)
  await write(raw.conversations, plan.conversations, now, session)
  await write(raw.messages, plan.messages, now, session)
  await update(raw.templates, plan.templates, now, session)
  await update(raw.clients, plan.clients, now, session)
  for (const move of plan.moves) await writeMove(raw, move, session)
  await insert(raw.parkedItems, plan.parked, session)
  if (plan.unparked.length > 0) await raw.parkedItems.deleteMany({ _id: { $in: plan.unparked } }, { session })
  await insert(raw.discardedFiles, plan.discarded, session)
  await insert(raw.events, plan.events, session)
}

async function insert<T extends mongo.Document>(
  collection: mongo.Collection<T>,
  documents: T[],
  session: ClientSession,
): Promise<void> {
  if (documents.length === 0) return
  await collection.insertMany(documents as mongo.OptionalUnlessRequiredId<T>[], { session, ordered: true })
}

async function write<T extends { _id: Id; tenantId: Id }>(
  collection: mongo.Collection<T>,
  changes: Changes<T>,
  now: Date,
  session: ClientSession,
): Promise<void> {
  await update(collection, changes.updates, now, session)
  await insert(collection, changes.inserts, session)
}

/** Writes contacts. Those that lose a phone number or user id come before those that get it, because both are unique. */
async function writeContacts(
  collection: mongo.Collection<ContactDoc>,
  { inserts, updates }: Changes<ContactDoc>,
  now: Date,
  session: ClientSession,
): Promise<void> {
  const losing = updates.filter(({ set }) => set.waId === null || set.userId === null)
  const others = updates.filter(update => !losing.includes(update))
  await update(collection, [...losing, ...others], now, session)
  await insert(collection, inserts, session)
}

async function update<T extends { _id: Id; tenantId: Id }>(
  collection: mongo.Collection<T>,
  updates: Update<T>[],
  now: Date,
  session: ClientSession,
): Promise<void> {
  if (updates.length === 0) return
  const operations = updates.map(({ _id, tenantId, set, entries }) => {
    const change = { $set: { ...set, updatedAt: now }, ...(entries && { $push: appended(...entries) }) }
    return { updateOne: { filter: { _id, tenantId } as mongo.Filter<T>, update: change as mongo.UpdateFilter<T> } }
  })
  await collection.bulkWrite(operations, { session, ordered: true })
}

/** Updates the rows of webhook events that exist already: failed or parked earlier, or reopened for a replay. */
async function replace({ webhookEvents }: Raw, rows: WebhookEventDoc[], now: Date, session: ClientSession): Promise<void> {
  if (rows.length === 0) return
  const operations = rows.map(({ _id, tenantId, status, reason }) => ({
    updateOne: { filter: { _id }, update: { $set: { tenantId, status, reason, processedAt: now }, $inc: { attempts: 1 } } },
  }))
  await webhookEvents.bulkWrite(operations, { session, ordered: true })
}

/** Moves messages, notes and leads of a merged contact and its conversations to the contact that is kept. */
async function writeMove(raw: Raw, move: Move, session: ClientSession): Promise<void> {
  const { tenantId, toContactId: contactId } = move
  for (const { from, to } of move.conversations) {
    const own = { tenantId, conversationId: from }
    await raw.messages.updateMany(own, { $set: { conversationId: to, contactId } }, { session })
    if (!from.equals(to)) await raw.notes.updateMany(own, { $set: { conversationId: to } }, { session })
  }
  await raw.leads.updateMany({ tenantId, contactId: move.fromContactId }, { $set: { contactId } }, { session })
}

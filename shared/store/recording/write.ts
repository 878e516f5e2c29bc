import type { ClientSession, mongo } from 'mongoose'
import type { Changes, Move, MovedConversation, Plan, Update } from '../../model/batch-plan.ts'
import type { ContactDoc, ConversationDoc, Id, MessageDoc, WebhookEventDoc } from '../../model/documents.ts'
import { isErasedPayload } from '../../model/erased-message.ts'
import { appended } from '../../model/timeline.ts'
import type { Store } from '../connect.ts'

type Raw = Store['raw']
export const MAJORITY = { writeConcern: { w: 'majority', j: true } } as const

/** Writes the plan of a batch in the caller's transaction: one insert and one bulk update for each collection. */
export async function writeInTransaction(raw: Raw, plan: Plan, now: Date, session: ClientSession): Promise<void> {
  // Webhook events first: their unique ids stop a copy of the batch in another process here.
  await insert(raw.webhookEvents, plan.webhookEvents.inserts, session)
  await replace(raw, plan.webhookEvents.replaced, now, session)
  await writeContacts(raw.contacts, plan.contacts, now, session)
  await touchContacts(raw.contacts, plan, now, session)
  await insert(raw.leads, plan.leads, session)
  await writeConversations(raw.conversations, plan.conversations, now, session)
  await writeMessages(raw.messages, plan.messages, now, session)
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

async function writeConversations(
  collection: mongo.Collection<ConversationDoc>,
  { inserts, updates }: Changes<ConversationDoc>,
  now: Date,
  session: ClientSession,
): Promise<void> {
  const operations = updates.map(update => updateOne(ofRow(update), conversationChange(update, now)))
  if (operations.length > 0) await collection.bulkWrite(operations, { session, ordered: true })
  await insert(collection, inserts, session)
}

async function writeMessages(
  collection: mongo.Collection<MessageDoc>,
  { inserts, updates }: Changes<MessageDoc>,
  now: Date,
  session: ClientSession,
): Promise<void> {
  const operations = updates.map(update => updateOne(ofRow(update), messageChange(update, now)))
  if (operations.length > 0) await collection.bulkWrite(operations, { session, ordered: true })
  await insert(collection, inserts, session)
}

/** Writes contacts. Those that lose a phone number or user id come before those that get it, because both are unique. */
async function writeContacts(
  collection: mongo.Collection<ContactDoc>,
  { inserts, updates }: Changes<ContactDoc>,
  now: Date,
  session: ClientSession,
): Promise<void> {
  const losing = updates.filter(({ set }) => set.waId === null || set.userId === null || set.otherUserIds?.length === 0)
  const others = updates.filter(update => !losing.includes(update))
  await update(collection, [...losing, ...others], now, session)
  await insert(collection, inserts, session)
}

/**
 * Writes the contacts that get a new conversation: an erasure that begins meanwhile conflicts with it, and does not miss the
 * conversation.
 */
async function touchContacts(
  collection: mongo.Collection<ContactDoc>,
  { contacts, conversations }: Plan,
  now: Date,
  session: ClientSession,
): Promise<void> {
  const written = new Set([...contacts.inserts, ...contacts.updates].map(({ _id }) => String(_id)))
  const bare = conversations.inserts.filter(({ contactId }) => !written.has(String(contactId)))
  const operations = bare.map(({ contactId: _id, tenantId }) =>
    updateOne<ContactDoc>({ _id, tenantId }, { $set: { updatedAt: now } }),
  )
  if (operations.length > 0) await collection.bulkWrite(operations, { session, ordered: true })
}

async function update<T extends { _id: Id; tenantId: Id }>(
  collection: mongo.Collection<T>,
  updates: Update<T>[],
  now: Date,
  session: ClientSession,
): Promise<void> {
  if (updates.length === 0) return
  const operations = updates.map(update => updateOne(ofRow<T>(update), changeOf(update, now)))
  await collection.bulkWrite(operations, { session, ordered: true })
}

/** The write of one row. */
export const updateOne = <T>(filter: mongo.Filter<T>, update: mongo.UpdateFilter<T>) => ({ updateOne: { filter, update } })

const ofRow = <T extends { _id: Id; tenantId: Id }>({ _id, tenantId }: Update<T>) => ({ _id, tenantId }) as mongo.Filter<T>

export function changeOf<T>({ set, entries }: Update<T>, now: Date): mongo.UpdateFilter<T> {
  const change = { $set: { ...set, updatedAt: now }, ...(entries && { $push: appended(...entries) }) }
  return change as unknown as mongo.UpdateFilter<T>
}

/** Writers of what the recorder derives raise the version, see `ConversationDoc`. */
export const conversationChange = (update: Update<ConversationDoc>, now: Date): mongo.UpdateFilter<ConversationDoc> => ({
  ...changeOf(update, now),
  $inc: { version: 1 },
})

/** A message that gets its number is counted with it. */
export function messageChange({ set, ...update }: Update<MessageDoc>, now: Date): mongo.UpdateFilter<MessageDoc> {
  if (set.seq === undefined) return changeOf({ ...update, set }, now)
  const { isUncounted: _, ...own } = set
  return { ...changeOf({ ...update, set: own }, now), $unset: { isUncounted: 1 } }
}

/** Updates the rows of webhook events that exist already: failed or parked earlier, or reopened for a replay. */
export async function replace(
  { webhookEvents }: Raw,
  rows: WebhookEventDoc[],
  now: Date,
  session?: ClientSession,
): Promise<void> {
  if (rows.length === 0) return
  const operations = rows.map(({ _id, tenantId, status, reason, payload }) => {
    const $set = { tenantId, status, reason, processedAt: now, ...(isErasedPayload(payload) && { payload }) }
    return { updateOne: { filter: { _id }, update: { $set, $inc: { attempts: 1 } } } }
  })
  await webhookEvents.bulkWrite(operations, { ...(session ? { session } : MAJORITY), ordered: true })
}

/** Moves messages, notes and leads of a merged contact and its conversations to the contact that is kept. */
async function writeMove(raw: Raw, move: Move, session: ClientSession): Promise<void> {
  const { tenantId, toContactId: contactId } = move
  for (const moved of move.conversations) {
    const { from, to } = moved
    const own = { tenantId, conversationId: from }
    await raw.messages.updateMany(own, { $set: { contactId } }, { session })
    if (from.equals(to)) continue
    await numberBehind(raw, tenantId, moved, session)
    await raw.messages.updateMany(own, { $set: { conversationId: to } }, { session })
    await raw.notes.updateMany(own, { $set: { conversationId: to } }, { session })
  }
  await raw.leads.updateMany({ tenantId, contactId: move.fromContactId }, { $set: { contactId } }, { session })
}

/** Numbers the messages of a conversation behind those of the one that it is merged into. */
async function numberBehind(
  { messages }: Raw,
  tenantId: Id,
  { from, to, offset }: MovedConversation,
  session: ClientSession,
): Promise<void> {
  const numbered = { tenantId, conversationId: from, seq: { $gt: 0 } }
  await messages.updateMany(numbered, [{ $set: { seq: { $add: ['$seq', offset] }, conversationId: to } }], { session })
}

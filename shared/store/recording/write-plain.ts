import type { mongo } from 'mongoose'
import { unchanged } from '../../domain/messages/dispatch.ts'
import type { Loaded, Plan } from '../../model/batch-plan.ts'
import type { ContactDoc, ConversationDoc, MessageDoc } from '../../model/documents.ts'
import type { Store } from '../connect.ts'
import { BY_ID } from '../dispatch/outcome-writes.ts'
import { duplicatesOf } from '../errors.ts'
import { changeOf, conversationChange, MAJORITY, messageChange, replace } from './write.ts'

type Raw = Store['raw']
type Concern = typeof MAJORITY | typeof ACKNOWLEDGED
/** Written, and made durable by the durable write that follows, see `isSingleMember`. */
const ACKNOWLEDGED = { writeConcern: { w: 1 } } as const

/** The state of the loaded documents that a plan was made for, by id: it is written only over this state. */
export interface Before {
  contacts: Map<string, Date>
  conversations: Map<string, number | null>
  messages: Map<string, Pick<MessageDoc, 'status' | 'dispatch' | 'seq'>>
}

/** Remembers the state of documents before a fold changes them. */
export function stateOf({ contacts, conversations, messages }: Loaded): Before {
  return {
    contacts: new Map(contacts.map(({ _id, updatedAt }) => [String(_id), updatedAt])),
    conversations: new Map(conversations.map(({ _id, version }) => [String(_id), version ?? null])),
    messages: new Map(messages.map(({ _id, status, dispatch, seq }) => [String(_id), { status, dispatch, seq }])),
  }
}

/**
 * Writes a plain plan without a transaction, in an order in which every step may be repeated: messages and contacts, then
 * conversations, then events, then the webhook events, which say that the items are recorded. After a crash in between, the
 * delivery comes again and a thorough load finds what is there.
 * @param beside runs beside the last step, when the events and all that they tell are stored: numbering them is a durable write,
 *   which covers these earlier ones
 * @param isJournalled whether a durable write makes all earlier ones durable: then only the last step waits for the journal
 * @returns whether everything was written; false when another writer was first, so that the batch must be read and folded again
 */
export async function writePlain(
  raw: Raw,
  plan: Plan,
  { before, now, isJournalled, beside }: { before: Before; now: Date; isJournalled: boolean; beside(): Promise<void> },
): Promise<boolean> {
  const { inserts, replaced } = plan.webhookEvents
  const early = isJournalled ? ACKNOWLEDGED : MAJORITY
  const rows = await Promise.all([
    insertMessages(raw, plan.messages.inserts, early),
    updateMessages(raw, plan.messages.updates, { before, now, concern: early }),
    updateContacts(raw, plan.contacts.updates, { before, now, concern: early }),
  ])
  if (rows.includes(false)) return false
  if (!(await updateConversations(raw, plan.conversations.updates, { before, now, concern: early }))) return false
  // Marks of projected messages are taken away afterwards, by a durable write of its own.
  const concern = inserts.length + replaced.length > 0 ? early : MAJORITY
  await Promise.all([
    insertOnce(raw.events, plan.events, concern),
    insertOnce(raw.parkedItems, plan.parked, concern),
    plan.unparked.length > 0 && raw.parkedItems.deleteMany({ _id: { $in: plan.unparked } }, concern),
  ])
  const finish = async () => {
    await replace(raw, replaced, now)
    return await insertOnce(raw.webhookEvents, inserts, MAJORITY)
  }
  const [, isWritten] = await Promise.all([beside(), finish()])
  return isWritten
}

/** What an update is written over, and how. */
interface Over {
  before: Before
  now: Date
  concern: Concern
}

/** @returns false when some of them, or their numbers, are stored already */
async function insertMessages({ messages }: Raw, inserts: MessageDoc[], concern: Concern): Promise<boolean> {
  if (inserts.length === 0) return true
  return await unlessDuplicate(messages.insertMany(inserts, { ...concern, ordered: false }))
}

/** Inserts rows whose ids follow from their cause: one that is there already is of the same. @returns whether all were new */
async function insertOnce<T extends mongo.Document>(
  collection: mongo.Collection<T>,
  rows: T[],
  concern: Concern,
): Promise<boolean> {
  return (
    rows.length === 0 ||
    (await unlessDuplicate(collection.insertMany(rows as mongo.OptionalUnlessRequiredId<T>[], { ...concern, ordered: false })))
  )
}

/**
 * Statuses arrive while a sender settles the same messages: each writes only over what it has read, and nothing into a message
 * that was emptied meanwhile.
 */
async function updateMessages(
  { messages }: Raw,
  updates: Plan['messages']['updates'],
  { before, now, concern }: Over,
): Promise<boolean> {
  if (updates.length === 0) return true
  const operations = updates.map(update => {
    const { status, dispatch, seq } = before.messages.get(String(update._id)) ?? {}
    const keys = (update.entries ?? []).flatMap(({ key }) => key ?? [])
    const filter = {
      _id: update._id,
      tenantId: update.tenantId,
      erasedAt: null,
      ...(('content' in update.set || 'reactions' in update.set) && { emptiedAt: null }),
      ...(update.set.seq !== undefined && { seq: seq ?? null }),
      ...(('status' in update.set || 'dispatch' in update.set) && { status, ...unchanged(dispatch) }),
      ...(keys.length > 0 && { 'timeline.key': { $nin: keys } }),
    }
    return { updateOne: { filter: filter as mongo.Filter<MessageDoc>, update: messageChange(update, now), hint: BY_ID } }
  })
  return await allMatched(messages.bulkWrite(operations, { ...concern, ordered: false }), operations.length)
}

async function updateContacts(
  { contacts }: Raw,
  updates: Plan['contacts']['updates'],
  { before, now, concern }: Over,
): Promise<boolean> {
  if (updates.length === 0) return true
  const operations = updates.map(update => {
    const { _id, tenantId } = update
    const filter: mongo.Filter<ContactDoc> = { _id, tenantId, updatedAt: before.contacts.get(String(_id)) as Date }
    return { updateOne: { filter, update: changeOf(update, now), hint: BY_ID } }
  })
  return await allMatched(contacts.bulkWrite(operations, { ...concern, ordered: false }), operations.length)
}

async function updateConversations(
  { conversations }: Raw,
  updates: Plan['conversations']['updates'],
  { before, now, concern }: Over,
): Promise<boolean> {
  if (updates.length === 0) return true
  const operations = updates.map(update => {
    const { _id, tenantId } = update
    const version = before.conversations.get(String(_id)) ?? null
    const filter = { _id, tenantId, version } as mongo.Filter<ConversationDoc>
    return { updateOne: { filter, update: conversationChange(update, now), hint: BY_ID } }
  })
  return await allMatched(conversations.bulkWrite(operations, { ...concern, ordered: false }), operations.length)
}

const allMatched = async (writing: Promise<{ matchedCount: number }>, count: number) => {
  let matched = 0
  const isUnique = await unlessDuplicate(writing.then(result => (matched = result.matchedCount)))
  return isUnique && matched === count
}

/** Whether `writing` met no duplicate key. */
async function unlessDuplicate(writing: Promise<unknown>): Promise<boolean> {
  try {
    await writing
    return true
  } catch (error) {
    if (duplicatesOf(error) === null) throw error
    return false
  }
}

import type { AutomaticSpending } from '../../domain/inbox/automatic-answer.ts'
import type { ClientDoc, ContactDoc, ConversationDoc, MessageDoc } from '../../model/documents.ts'
import { type Store, trusted } from '../connect.ts'
import { isDuplicateKey } from '../errors.ts'
import { acrossTenants } from '../tenancy/tenancy.ts'

/** Conversations of all tenants whose customers have just written to numbers that answer by themselves, the earliest first. */
export async function findAutomaticDue({ models }: Store, limit: number): Promise<ConversationDoc[]> {
  return await acrossTenants(() =>
    models.conversations
      .find({ 'automaticDue.at': trusted({ $gt: new Date(0) }) })
      .sort({ 'automaticDue.at': 1 })
      .limit(limit)
      .lean(),
  )
}

/** The number and the contact of a conversation as they are now. */
export async function findAnswering(
  { models }: Store,
  { tenantId, clientId, contactId }: ConversationDoc,
): Promise<{ client: ClientDoc | null; contact: ContactDoc | null }> {
  const [client, contact] = await Promise.all([
    models.clients.findOne({ tenantId, _id: clientId, deletedAt: null }).lean(),
    models.contacts.findOne({ tenantId, _id: contactId, deletedAt: null }).lean(),
  ])
  return { client, contact }
}

/** Takes the mark from a conversation, unless its customer has written again. */
export async function clearAutomaticDue({ models }: Store, conversation: ConversationDoc): Promise<void> {
  const { tenantId, _id, automaticDue } = conversation
  await models.conversations.updateOne(
    { tenantId, _id, 'automaticDue.at': automaticDue?.at ?? null },
    { $set: { automaticDue: null }, $inc: { version: 1 } },
  )
}

/**
 * Stores an automatic answer, notes what it costs, and takes the mark, in one transaction.
 * @returns false when it was given before, the number's spending has changed since it was read, or the conversation was erased,
 * merged into another one or written into again
 */
export async function storeAutomaticAnswer(
  store: Store,
  conversation: ConversationDoc,
  message: MessageDoc,
  { client, spending, isGreeting }: { client: ClientDoc; spending: AutomaticSpending; isGreeting: boolean },
): Promise<boolean> {
  const { tenantId, _id, automaticDue } = conversation
  const { clients, conversations, messages } = store.models
  try {
    return await store.transaction(async session => {
      const due = { tenantId, _id, 'automaticDue.at': automaticDue?.at ?? null, deletedAt: null }
      if ((await conversations.findOne(due, { _id: 1 }, { session }).lean()) === null) return false
      const counted = await clients.updateOne(
        { tenantId, _id: client._id, 'automaticSpending.count': client.automaticSpending?.count ?? null },
        { $set: { automaticSpending: spending } },
        { session, timestamps: false },
      )
      if (counted.matchedCount === 0) return false
      await messages.insertMany([message], { session })
      const greeted = isGreeting ? { greetedAt: message.at } : {}
      await conversations.updateOne(
        { tenantId, _id },
        { $set: { automaticDue: null, ...greeted }, $inc: { version: 1 } },
        { session },
      )
      return true
    })
  } catch (error) {
    if (!isDuplicateKey(error)) throw error
    await clearAutomaticDue(store, conversation)
    return false
  }
}

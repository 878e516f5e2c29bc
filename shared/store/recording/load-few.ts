import type { BatchKeys } from '../../model/batch-plan.ts'
import type { ContactDoc, ConversationDoc, MessageDoc } from '../../model/documents.ts'
import type { Store } from '../connect.ts'
import { type LoadOptions, missingWamids, type Named, oneOf, WITHOUT_PAYLOAD, waysToContacts, waysToMessages } from './ways.ts'

type Raw = Store['raw']

/**
 * A batch of a few items of one kind is read by one command, contacts or messages with their conversations. For more, two commands
 * cost less: each document that is looked up costs more than one that is found.
 */
const FEW = 6

/** @returns null for a batch that is read otherwise */
export async function loadFew(raw: Raw, keys: BatchKeys, { isThorough, session }: LoadOptions): Promise<Named | null> {
  const people = keys.waIds.length + keys.userIds.length + keys.groupIds.length
  const messages = keys.messageIds.length + keys.wamids.length
  if (isThorough || session !== undefined || keys.recipients || people + messages > FEW) return null
  if (messages === 0) return await loadPeople(raw, keys)
  return people === 0 ? await loadMessagesInPlace(raw, keys) : null
}

const lookUpConversations = (keys: BatchKeys, fields: { localField: string; foreignField: string }, own: object) => ({
  $lookup: {
    from: 'conversations',
    ...fields,
    pipeline: [{ $match: { tenantId: oneOf(keys.tenantIds), ...own } }],
    as: 'conversations',
  },
})

async function loadPeople(raw: Raw, keys: BatchKeys): Promise<Named> {
  const ways = waysToContacts(keys, [])
  if (ways.length === 0) return { contacts: [], conversations: [], messages: [] }
  const fields = { localField: '_id', foreignField: 'contactId' }
  const stages = [{ $match: { $or: ways } }, lookUpConversations(keys, fields, { deletedAt: null })]
  const rows = await raw.contacts.aggregate<ContactDoc & { conversations: ConversationDoc[] }>(stages).toArray()
  const contacts = rows.map(({ conversations: _, ...contact }) => contact)
  return { contacts, conversations: rows.flatMap(row => row.conversations), messages: [] }
}

/** @returns null when a message is not found: it may have another id now */
async function loadMessagesInPlace(raw: Raw, keys: BatchKeys): Promise<Named | null> {
  const fields = { localField: 'conversationId', foreignField: '_id' }
  const stages = [
    { $match: { $or: waysToMessages(keys, keys.wamids) } },
    { $project: WITHOUT_PAYLOAD },
    lookUpConversations(keys, fields, {}),
  ]
  const rows = await raw.messages.aggregate<MessageDoc & { conversations: ConversationDoc[] }>(stages).toArray()
  const messages = rows.map(({ conversations: _, ...message }) => message)
  if (missingWamids(keys, messages).length > 0) return null
  const conversations = new Map(rows.flatMap(row => row.conversations).map(row => [String(row._id), row]))
  return { contacts: [], conversations: [...conversations.values()], messages }
}

import type { ClientSession, mongo } from 'mongoose'
import { mergeRecipientKeys } from '../../domain/contacts/identity.ts'
import { phoneVariants } from '../../domain/contacts/phone-variants.ts'
import type { BatchKeys, Loaded } from '../../model/batch-plan.ts'
import type { ContactDoc, ConversationDoc, Id, MessageDoc } from '../../model/documents.ts'
import type { Store } from '../connect.ts'

type InHand = Pick<Loaded, 'contacts' | 'messages' | 'conversations'>
/** Contacts for whom statuses report new keys, and these keys, which other contacts may hold. */
export interface Recipients {
  contactIds: Id[]
  waIds: string[]
  userIds: string[]
}

/**
 * The recipients for whom the statuses of the batch report keys that their conversations do not show. Nearly always none: a
 * contact gets a new key once.
 */
export function recipientsOf(keys: BatchKeys, { messages, conversations }: Omit<InHand, 'contacts'>): Recipients {
  if (keys.recipientKeys.length === 0) return { contactIds: [], waIds: [], userIds: [] }
  const byName = new Map(messages.flatMap(message => namesOf(message).map(name => [name, message] as const)))
  const contactOf = new Map(conversations.map(conversation => [String(conversation._id), conversation.contact]))
  const recipients: Recipients = { contactIds: [], waIds: [], userIds: [] }
  for (const recipientKeys of keys.recipientKeys) {
    const message = byName.get(recipientKeys.messageId ?? '') ?? byName.get(recipientKeys.wamid)
    const shown = contactOf.get(String(message?.conversationId))
    if (message === undefined || shown === undefined || mergeRecipientKeys(shown, recipientKeys) === null) continue
    recipients.contactIds.push(message.contactId)
    recipients.userIds.push(recipientKeys.userId)
    if (recipientKeys.waId !== null) recipients.waIds.push(...phoneVariants(recipientKeys.waId))
  }
  return recipients
}

/** What a status may name a message by. */
export const namesOf = ({ _id, wamid, previousIds }: MessageDoc): string[] => [
  String(_id),
  ...(wamid ? [wamid] : []),
  ...(previousIds ?? []),
]

/**
 * The contacts and conversations in hand, with those of the recipients whose keys change and of contacts that hold these keys.
 */
export async function loadRecipients(
  raw: Store['raw'],
  keys: BatchKeys,
  inHand: InHand,
  { session }: { session?: ClientSession },
): Promise<Pick<Loaded, 'contacts' | 'conversations'>> {
  const { contactIds, waIds, userIds } = recipientsOf(keys, inHand)
  if (contactIds.length === 0) return inHand
  const tenantId = { $in: keys.tenantIds }
  const $or: mongo.Filter<ContactDoc>[] = [
    { tenantId, _id: { $in: contactIds } },
    { tenantId, userId: { $in: userIds } },
    { tenantId, 'otherUserIds.userId': { $in: userIds } },
    { tenantId, waId: { $in: waIds } },
  ]
  const options = session ? { session } : {}
  const contacts = union(inHand.contacts, await raw.contacts.find({ $or }, options).toArray())
  const own = { tenantId, contactId: { $in: contacts.map(({ _id }) => _id) }, deletedAt: null }
  const conversations = await raw.conversations.find(own, options).toArray()
  return { contacts, conversations: union<ConversationDoc>(inHand.conversations, conversations) }
}

/** Documents of both lists, each once. */
const union = <T extends { _id: Id }>(inHand: T[], found: T[]): T[] => [
  ...new Map([...found, ...inHand].map(document => [String(document._id), document])).values(),
]

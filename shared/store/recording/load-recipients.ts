import type { ClientSession, mongo } from 'mongoose'
import { mergeRecipientKeys } from '../../domain/contacts/identity.ts'
import { phoneVariants } from '../../domain/contacts/phone-variants.ts'
import type { BatchKeys, Loaded } from '../../model/batch-plan.ts'
import type { ContactDoc, ConversationDoc, Id, MessageDoc } from '../../model/documents.ts'
import type { Store } from '../connect.ts'

type InHand = Pick<Loaded, 'contacts' | 'messages' | 'conversations'>
/** Contacts about whom statuses tell something new, and the keys by which somebody else may hold it. */
export interface Recipients {
  contactIds: Id[]
  waIds: string[]
  userIds: string[]
}

/**
 * Recipients about whom the statuses of the batch tell something that their threads do not show. Nobody, nearly always: a
 * contact learns once.
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

const namesOf = ({ _id, wamid, previousIds }: MessageDoc): string[] => [
  String(_id),
  ...(wamid ? [wamid] : []),
  ...(previousIds ?? []),
]

/** The learners with all of their threads, beside what is in hand already. */
export async function loadRecipients(
  raw: Store['raw'],
  keys: BatchKeys,
  inHand: InHand,
  session: ClientSession,
): Promise<Pick<Loaded, 'contacts' | 'conversations'>> {
  const { contactIds, waIds, userIds } = recipientsOf(keys, inHand)
  if (contactIds.length === 0) return inHand
  const tenantId = { $in: keys.tenantIds }
  const $or: mongo.Filter<ContactDoc>[] = [
    { tenantId, _id: { $in: contactIds } },
    { tenantId, userId: { $in: userIds } },
    { tenantId, waId: { $in: waIds } },
  ]
  const contacts = together(inHand.contacts, await raw.contacts.find({ $or }, { session }).toArray())
  const own = { tenantId, contactId: { $in: contacts.map(({ _id }) => _id) }, deletedAt: null }
  const conversations = await raw.conversations.find(own, { session }).toArray()
  return { contacts, conversations: together<ConversationDoc>(inHand.conversations, conversations) }
}

const together = <T extends { _id: Id }>(here: T[], found: T[]): T[] => [
  ...new Map([...found, ...here].map(one => [String(one._id), one])).values(),
]

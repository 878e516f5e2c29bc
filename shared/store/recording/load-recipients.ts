import type { ClientSession, mongo } from 'mongoose'
import { taughtKeys } from '../../domain/contacts/identity.ts'
import { phoneVariants } from '../../domain/contacts/phone-variants.ts'
import type { BatchKeys, Loaded } from '../../model/batch-plan.ts'
import type { ContactDoc, ConversationDoc, Id, MessageDoc } from '../../model/documents.ts'
import type { Store } from '../connect.ts'

type InHand = Pick<Loaded, 'contacts' | 'messages' | 'conversations'>
/** Contacts about whom statuses tell something new, and the keys by which somebody else may hold it. */
export interface Learners {
  contactIds: Id[]
  waIds: string[]
  userIds: string[]
}

/**
 * Recipients about whom the statuses of the batch tell something that their threads do not show. Nobody, nearly always: a
 * contact learns once.
 */
export function learnersOf(keys: BatchKeys, { messages, conversations }: Omit<InHand, 'contacts'>): Learners {
  if (keys.taught.length === 0) return { contactIds: [], waIds: [], userIds: [] }
  const byName = new Map(messages.flatMap(message => namesOf(message).map(name => [name, message] as const)))
  const contactOf = new Map(conversations.map(conversation => [String(conversation._id), conversation.contact]))
  const learners: Learners = { contactIds: [], waIds: [], userIds: [] }
  for (const taught of keys.taught) {
    const message = byName.get(taught.messageId ?? '') ?? byName.get(taught.wamid)
    const shown = contactOf.get(String(message?.conversationId))
    if (message === undefined || shown === undefined || taughtKeys(shown, taught) === null) continue
    learners.contactIds.push(message.contactId)
    learners.userIds.push(taught.userId)
    if (taught.waId !== null) learners.waIds.push(...phoneVariants(taught.waId))
  }
  return learners
}

const namesOf = ({ _id, wamid, previousIds }: MessageDoc): string[] => [
  String(_id),
  ...(wamid ? [wamid] : []),
  ...(previousIds ?? []),
]

/** The learners with all of their threads, beside what is in hand already. */
export async function loadTaught(
  raw: Store['raw'],
  keys: BatchKeys,
  inHand: InHand,
  session: ClientSession,
): Promise<Pick<Loaded, 'contacts' | 'conversations'>> {
  const { contactIds, waIds, userIds } = learnersOf(keys, inHand)
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

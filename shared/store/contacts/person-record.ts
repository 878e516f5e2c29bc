import { phoneVariants } from '../../domain/contacts/phone-variants.ts'
import type {
  ContactDoc,
  ConversationDoc,
  Id,
  LeadDoc,
  MessageDoc,
  NoteDoc,
  RecipientDoc,
  WebhookEventDoc,
} from '../../model/documents.ts'
import { type Store, trusted } from '../connect.ts'
import { asTenant } from '../tenancy/tenancy.ts'
import { KEPT_DAYS, PHONES, USERS } from './erase-rows.ts'

/** What is stored about one person. Messages and webhooks, which may be many, are read page by page. */
export interface PersonRecord {
  tenantId: Id
  /** The contact and those that were merged into it. */
  contacts: ContactDoc[]
  conversations: ConversationDoc[]
  leads: LeadDoc[]
  notes: NoteDoc[]
  /** Rows of the audiences of campaigns. */
  recipients: RecipientDoc[]
  waIds: string[]
  userIds: string[]
}

const PAGE = 500
const DAY_MS = 86_400_000

/** Everything about a person but messages and webhooks. */
export async function readPersonRecord(store: Store, contact: ContactDoc): Promise<PersonRecord> {
  const { tenantId } = contact
  const { models } = store
  const contacts = await withMerged(store, contact)
  const contactId = trusted({ $in: contacts.map(({ _id }) => _id) })
  const waIds = [...new Set(contacts.flatMap(({ waId }) => (waId ? phoneVariants(waId) : [])))]
  const userIds = [...new Set(contacts.flatMap(userIdsOf))]
  const conversations = await models.conversations.find({ tenantId, contactId }).lean()
  const ofContact = [{ contactId }, { phone: trusted({ $in: waIds }) }]
  const leads = await models.leads.find({ tenantId, deletedAt: null, $and: [trusted({ $or: ofContact })] }).lean()
  const ofNotes = [
    { conversationId: trusted({ $in: conversations.map(({ _id }) => _id) }) },
    { leadId: trusted({ $in: leads.map(({ _id }) => _id) }) },
  ]
  const notes = await models.notes
    .find({ tenantId, deletedAt: null, $and: [trusted({ $or: ofNotes })] })
    .sort({ createdAt: 1 })
    .lean()
  const campaigns = await models.campaigns.find({ tenantId }, { _id: 1 }).lean()
  const campaignId = trusted({ $in: campaigns.map(({ _id }) => _id) })
  const key = trusted({ $in: [...waIds, ...userIds] })
  const recipients = await models.campaignRecipients.find({ tenantId, campaignId, key }).lean()
  return { tenantId, contacts, conversations, leads, notes, recipients, waIds, userIds }
}

async function withMerged({ models }: Store, contact: ContactDoc): Promise<ContactDoc[]> {
  const { tenantId } = contact
  const contacts = [contact]
  for (let last = [contact]; last.length > 0; contacts.push(...last))
    last = await models.contacts.find({ tenantId, joinedWith: trusted({ $in: last.map(({ _id }) => _id) }) }).lean()
  return contacts
}

const userIdsOf = ({ userId, otherUserIds }: ContactDoc) => [
  ...(userId ? [userId] : []),
  ...(otherUserIds ?? []).map(other => other.userId),
]

/** Messages of the person, oldest first in each conversation, then those that the person wrote in groups. */
export async function* messagesOfPerson(store: Store, person: PersonRecord): AsyncGenerator<MessageDoc> {
  const { tenantId, conversations, waIds, userIds } = person
  for (const { _id } of conversations) yield* messagesWhere(store, tenantId, { conversationId: _id })
  const own = new Set(conversations.map(({ _id }) => String(_id)))
  const ways = [{ 'author.waId': trusted({ $in: waIds }) }, { 'author.userId': trusted({ $in: userIds }) }]
  const seen = new Set<string>()
  for (const way of ways)
    for await (const message of messagesWhere(store, tenantId, way)) {
      const id = String(message._id)
      if (own.has(String(message.conversationId)) || seen.has(id)) continue
      seen.add(id)
      yield message
    }
}

async function* messagesWhere({ models }: Store, tenantId: Id, filter: object): AsyncGenerator<MessageDoc> {
  for (let after: MessageDoc | null = null; ; ) {
    const last: MessageDoc | null = after
    const behind = last && [{ at: trusted({ $gt: last.at }) }, { at: last.at, _id: trusted({ $gt: last._id }) }]
    const scope = { tenantId, ...filter, ...(behind && { $and: [trusted({ $or: behind })] }) }
    const page: MessageDoc[] = await asTenant(tenantId, () =>
      models.messages.find(scope).sort({ at: 1, _id: 1 }).limit(PAGE).lean(),
    )
    yield* page
    after = page.at(-1) ?? null
    if (page.length < PAGE) return
  }
}

/**
 * Stored webhooks that name the person in any field, newest day first. No index finds a person in them, so the 31 days that are kept
 * are read day by day.
 */
export async function* webhooksOfPerson(store: Store, person: PersonRecord, now: Date): AsyncGenerator<WebhookEventDoc> {
  const { tenantId, waIds, userIds } = person
  const phones = trusted({ $in: [...waIds, ...waIds.map(waId => `+${waId}`), ...userIds] })
  const users = trusted({ $in: userIds })
  const ways = [...PHONES.map(path => ({ [path]: phones })), ...USERS.map(path => ({ [path]: users }))]
  for (let day = 0; day <= KEPT_DAYS; day++) {
    const end = now.getTime() - day * DAY_MS
    const receivedAt = trusted({ $gt: new Date(end - DAY_MS), $lte: new Date(end) })
    const filter = { tenantId, receivedAt, $and: [trusted({ $or: ways })] }
    yield* await asTenant(tenantId, () => store.models.webhookEvents.find(filter).sort({ receivedAt: -1 }).lean())
  }
}

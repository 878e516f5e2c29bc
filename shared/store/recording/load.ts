import type { ClientSession, mongo } from 'mongoose'
import { phonesOf } from '../../domain/contacts/lead-keys.ts'
import { type BatchKeys, type KnownEvent, type Loaded, PARKED } from '../../model/batch-plan.ts'
import type {
  ClientDoc,
  ContactDoc,
  ConversationDoc,
  Id,
  LeadDoc,
  MessageDoc,
  ParkedItemDoc,
  TemplateDoc,
} from '../../model/documents.ts'
import type { Store } from '../connect.ts'
import { orOutage } from '../outage.ts'
import { loadRecipients } from './load-recipients.ts'

type Raw = Store['raw']
/** The fold does not need the payload, which is the largest part of an outbound message. */
const WITHOUT_PAYLOAD = { payload: 0 } as const

/**
 * Reads the documents that a batch needs, in the transaction's snapshot, with one query for each collection that the batch names.
 * `thorough` also looks for rows that should not exist yet: the webhook events of the items, and the messages that they insert.
 * Their ids are unique, so a batch recorded without this check fails with a duplicate key and is repeated with it.
 */
export async function loadBatch(raw: Raw, keys: BatchKeys, session: ClientSession, thorough: boolean): Promise<Loaded> {
  const known = thorough ? await loadKnown(raw, keys, session) : []
  const isRepeat =
    keys.projectedIds.length === 0 &&
    known.length === keys.eventIds.length &&
    known.every(row => isDone(row.status) && row.reason !== PARKED)
  if (isRepeat || keys.tenantIds.length === 0) return { known, ...NOTHING }
  return { known, ...(await loadDocuments(raw, keys, session, thorough)) }
}

/** Reads the documents of a batch, without what was recorded of its items before. */
export async function loadDocuments(
  raw: Raw,
  keys: BatchKeys,
  session: ClientSession,
  thorough: boolean,
): Promise<Omit<Loaded, 'known'>> {
  const messages = await loadMessages(raw, keys, session, thorough)
  const named = await loadContacts(raw, keys, messages, session)
  const known = await loadConversations(raw, keys, named, messages, session)
  const inHand = { contacts: named, conversations: known, messages }
  const { contacts, conversations } = await loadRecipients(raw, keys, inHand, session)
  const leads = await loadLeads(raw, keys, contacts, conversations, session)
  const counted = thorough ? await loadCounted(raw, keys, session) : []
  return { counted, contacts, messages, conversations, leads, templates: await loadTemplates(raw, keys, session) }
}

const NOTHING = { counted: [], contacts: [], conversations: [], messages: [], leads: [], templates: [] }
const isDone = (status: string) => status === 'PROCESSED' || status === 'IGNORED'

async function loadKnown(raw: Raw, { eventIds }: BatchKeys, session: ClientSession): Promise<KnownEvent[]> {
  return await raw.webhookEvents.find({ _id: { $in: eventIds } }, { session, projection: { status: 1, reason: 1 } }).toArray()
}

/** A filter value for a list: a single value as equality. */
const oneOf = <T>(values: T[]): T | { $in: T[] } => (values.length === 1 ? (values[0] as T) : { $in: values })

/** Messages that were counted before, though their rows may still say otherwise. */
async function loadCounted(raw: Raw, { projectedIds }: BatchKeys, session: ClientSession): Promise<Id[]> {
  if (projectedIds.length === 0) return []
  const rows = await raw.projectionReceipts.find({ _id: { $in: projectedIds } }, { session, projection: { _id: 1 } }).toArray()
  return rows.map(({ _id }) => _id)
}

async function loadContacts(raw: Raw, keys: BatchKeys, messages: MessageDoc[], session: ClientSession): Promise<ContactDoc[]> {
  const tenantId = oneOf(keys.tenantIds)
  const ways: mongo.Filter<ContactDoc>[] = []
  if (keys.waIds.length > 0) ways.push({ tenantId, waId: { $in: keys.waIds } })
  if (keys.userIds.length > 0) ways.push({ tenantId, userId: { $in: keys.userIds } })
  if (keys.recipients && messages.length > 0) ways.push({ tenantId, _id: { $in: messages.map(message => message.contactId) } })
  if (ways.length === 0) return []
  return await raw.contacts.find({ $or: ways }, { session }).toArray()
}

async function loadMessages(raw: Raw, keys: BatchKeys, session: ClientSession, thorough: boolean): Promise<MessageDoc[]> {
  const tenantId = oneOf(keys.tenantIds)
  const wamids = thorough ? [...new Set([...keys.wamids, ...keys.newWamids])] : keys.wamids
  const options = { session, projection: WITHOUT_PAYLOAD }
  const ways: mongo.Filter<MessageDoc>[] = []
  if (keys.messageIds.length > 0) ways.push({ tenantId, _id: { $in: keys.messageIds } })
  if (wamids.length > 0) ways.push({ tenantId, wamid: { $in: wamids } })
  if (ways.length === 0) return []
  const found = await raw.messages.find({ $or: ways }, options).toArray()
  const here = new Set(found.map(message => message.wamid))
  const missing = keys.wamids.filter(wamid => !here.has(wamid))
  if (missing.length === 0) return found
  const earlier = await raw.messages.find({ tenantId, previousIds: { $in: missing } }, options).toArray()
  const ids = new Set(found.map(message => String(message._id)))
  return [...found, ...earlier.filter(message => !ids.has(String(message._id)))]
}

/** All conversations of the contacts in hand, because a merge moves them, and those of the messages in hand. */
async function loadConversations(
  raw: Raw,
  keys: BatchKeys,
  contacts: ContactDoc[],
  messages: MessageDoc[],
  session: ClientSession,
): Promise<ConversationDoc[]> {
  const tenantId = oneOf(keys.tenantIds)
  const ways: mongo.Filter<ConversationDoc>[] = []
  if (contacts.length > 0) ways.push({ tenantId, contactId: { $in: contacts.map(contact => contact._id) }, deletedAt: null })
  if (messages.length > 0) ways.push({ tenantId, _id: { $in: distinct(messages.map(message => message.conversationId)) } })
  if (ways.length === 0) return []
  return await raw.conversations
    .find(ways.length === 1 ? (ways[0] as mongo.Filter<ConversationDoc>) : { $or: ways }, { session })
    .toArray()
}

/** Leads of people whose conversation has no lead yet, the oldest first. */
async function loadLeads(
  raw: Raw,
  keys: BatchKeys,
  contacts: ContactDoc[],
  conversations: ConversationDoc[],
  session: ClientSession,
): Promise<LeadDoc[]> {
  const linked = new Set(
    conversations.filter(conversation => conversation.leadId).map(({ clientId, contactId }) => `${clientId}:${contactId}`),
  )
  const byKey = new Map<string, ContactDoc>()
  for (const contact of contacts) {
    if (contact.waId) byKey.set(`${contact.tenantId}:${contact.waId}`, contact)
    if (contact.userId) byKey.set(`${contact.tenantId}:${contact.userId}`, contact)
  }
  const phones = new Set<string>()
  const contactIds: Id[] = []
  for (const { tenantId, clientId, waIds, userId } of keys.leads) {
    const contact = [userId, ...waIds].map(key => byKey.get(`${tenantId}:${key}`)).find(found => found !== undefined)
    if (contact && linked.has(`${clientId}:${contact._id}`)) continue
    for (const phone of [...(contact ? phonesOf(contact) : []), ...waIds]) phones.add(phone)
    if (contact) contactIds.push(contact._id)
  }
  const tenantId = oneOf(keys.tenantIds)
  const ways: mongo.Filter<LeadDoc>[] = []
  if (phones.size > 0) ways.push({ tenantId, phone: { $in: [...phones] } })
  if (contactIds.length > 0) ways.push({ tenantId, contactId: { $in: contactIds } })
  if (ways.length === 0) return []
  const filter = ways.length === 1 ? (ways[0] as mongo.Filter<LeadDoc>) : { $or: ways }
  const found = await raw.leads.find(filter, { session }).toArray()
  return found.toSorted((a, b) => (String(a._id) < String(b._id) ? -1 : 1))
}

async function loadTemplates(raw: Raw, keys: BatchKeys, session: ClientSession): Promise<TemplateDoc[]> {
  if (keys.templates.length === 0) return []
  const tenantId = oneOf(keys.tenantIds)
  const $or = keys.templates.flatMap(({ wabaId, metaTemplateId, name, language }) => [
    ...(metaTemplateId === null ? [] : [{ wabaId, metaTemplateId }]),
    ...(name === null || language === null ? [] : [{ wabaId, name, language }]),
  ])
  if ($or.length === 0) return []
  return await raw.templates.find({ tenantId, deletedAt: null, $or }, { session }).toArray()
}

const distinct = (ids: Id[]): Id[] => [...new Map(ids.map(id => [id.toHexString(), id])).values()]

/** The numbers of business accounts, for webhooks that name only an account. @throws Outage */
export async function findClientsOfAccounts({ raw }: Store, wabaIds: string[]): Promise<Map<string, ClientDoc[]>> {
  if (wabaIds.length === 0) return new Map()
  const clients = await orOutage(raw.clients.find({ wabaId: { $in: wabaIds }, deletedAt: null }).toArray())
  return Map.groupBy(clients, client => client.wabaId)
}

/**
 * Parked items whose message is stored: parked by this batch while a sender stored the wamid, or parked earlier by another
 * process for a message of this batch. A snapshot does not show concurrent writes; every process writes before it reads, so at
 * least one of them finds the other's row. @throws Outage
 */
export async function findMatched(
  { raw }: Store,
  newWamids: string[],
  parked: readonly ParkedItemDoc[],
): Promise<ParkedItemDoc[]> {
  const waiting = newWamids.length === 0 ? [] : raw.parkedItems.find({ wamid: { $in: newWamids } }).toArray()
  const here =
    parked.length === 0
      ? []
      : raw.messages.find({ wamid: { $in: parked.map(row => row.wamid) } }, { projection: { wamid: 1 } }).toArray()
  const [parkedBefore, messages] = await orOutage(Promise.all([waiting, here]))
  const wamids = new Set(messages.map(row => row.wamid))
  return [...parkedBefore, ...parked.filter(row => wamids.has(row.wamid))]
}

import type { mongo } from 'mongoose'
import { phonesOf } from '../../domain/contacts/lead-keys.ts'
import { type BatchKeys, hasWaited, type KnownEvent, type Loaded } from '../../model/batch-plan.ts'
import type { ClientDoc, ContactDoc, ConversationDoc, Id, LeadDoc, MessageDoc, TemplateDoc } from '../../model/documents.ts'
import type { Store } from '../connect.ts'
import { orOutage } from '../outage.ts'
import { loadErased } from './load-erased.ts'
import { loadFew } from './load-few.ts'
import { loadRecipients } from './load-recipients.ts'
import {
  inSession,
  type LoadOptions,
  missingWamids,
  type Named,
  oneOf,
  WITHOUT_PAYLOAD,
  waysToContacts,
  waysToMessages,
} from './ways.ts'

type Raw = Store['raw']

/** Reads the documents that a batch needs, with one query for each collection that the batch names. */
export async function loadBatch(store: Store, keys: BatchKeys, options: LoadOptions): Promise<Loaded> {
  const { raw } = store
  const { isThorough } = options
  const known = isThorough ? await loadKnown(raw, keys, options) : []
  const isRepeat =
    keys.messageIds.length === 0 &&
    known.length === keys.eventIds.length &&
    known.every(row => isDone(row.status) && !hasWaited(row))
  if (isRepeat || keys.tenantIds.length === 0) return { known, isThorough, ...NOTHING }
  return { known, ...(await loadDocuments(store, keys, options)) }
}

/** Reads the documents of a batch, without what was recorded of its items before. */
export async function loadDocuments(store: Store, keys: BatchKeys, options: LoadOptions): Promise<Omit<Loaded, 'known'>> {
  const { raw } = store
  const inHand = (await loadFew(raw, keys, options)) ?? (await loadNamed(raw, keys, options))
  const { contacts, conversations } = await loadRecipients(raw, keys, inHand, options)
  const leads = await loadLeads(raw, keys, contacts, conversations, options)
  const leftBehind = options.isThorough ? await loadLeftBehind(raw, conversations, options) : []
  const messages = [...new Map([...leftBehind, ...inHand.messages].map(message => [String(message._id), message])).values()]
  const templates = await loadTemplates(raw, keys, options)
  const erased = await loadErased(store, keys, { contacts, messages }, options)
  return { isThorough: options.isThorough, contacts, messages, conversations, leads, templates, erased }
}

/** The documents that the batch names, and the conversations of its contacts and messages. */
async function loadNamed(raw: Raw, keys: BatchKeys, options: LoadOptions): Promise<Named> {
  const [messages, contacts] = await loadMessagesAndContacts(raw, keys, options)
  return { messages, contacts, conversations: await loadConversations(raw, keys, contacts, messages, options) }
}

/** Side by side where neither needs the other. Statements of a transaction must not overlap. */
async function loadMessagesAndContacts(raw: Raw, keys: BatchKeys, options: LoadOptions): Promise<[MessageDoc[], ContactDoc[]]> {
  if (options.session === undefined && !keys.recipients)
    return await Promise.all([loadMessages(raw, keys, options), loadContacts(raw, keys, [], options)])
  const messages = await loadMessages(raw, keys, options)
  return [messages, await loadContacts(raw, keys, messages, options)]
}

const NOTHING = { contacts: [], conversations: [], messages: [], leads: [], templates: [] }
const isDone = (status: string) => status === 'PROCESSED' || status === 'IGNORED'

/** Messages that were stored and numbered, and that their conversations do not count yet. */
export async function loadLeftBehind(
  raw: Raw,
  conversations: ConversationDoc[],
  { session }: Pick<LoadOptions, 'session'>,
): Promise<MessageDoc[]> {
  if (conversations.length === 0) return []
  const $or = conversations.map(({ _id, tenantId, messageCount }) => ({
    tenantId,
    conversationId: _id,
    seq: { $gt: messageCount },
  }))
  return await raw.messages.find({ $or }, { ...inSession(session), projection: WITHOUT_PAYLOAD }).toArray()
}

async function loadKnown(raw: Raw, { eventIds }: BatchKeys, { session }: LoadOptions): Promise<KnownEvent[]> {
  return await raw.webhookEvents
    .find({ _id: { $in: eventIds } }, { ...inSession(session), projection: { status: 1, reason: 1 } })
    .toArray()
}

async function loadContacts(raw: Raw, keys: BatchKeys, messages: MessageDoc[], { session }: LoadOptions): Promise<ContactDoc[]> {
  const ways = waysToContacts(keys, messages)
  return ways.length === 0 ? [] : await raw.contacts.find({ $or: ways }, inSession(session)).toArray()
}

async function loadMessages(raw: Raw, keys: BatchKeys, { session, isThorough }: LoadOptions): Promise<MessageDoc[]> {
  const wamids = isThorough ? [...new Set([...keys.wamids, ...keys.newWamids])] : keys.wamids
  const options = { ...inSession(session), projection: WITHOUT_PAYLOAD }
  const ways = waysToMessages(keys, wamids)
  if (ways.length === 0) return []
  const found = await raw.messages.find({ $or: ways }, options).toArray()
  const missing = missingWamids(keys, found)
  if (missing.length === 0) return found
  const previous = { tenantId: oneOf(keys.tenantIds), previousIds: { $in: missing } }
  const earlier = await raw.messages.find(previous, options).toArray()
  const ids = new Set(found.map(message => String(message._id)))
  return [...found, ...earlier.filter(message => !ids.has(String(message._id)))]
}

/** All conversations of the contacts in hand, because a merge moves them, and those of the messages in hand. */
async function loadConversations(
  raw: Raw,
  keys: BatchKeys,
  contacts: ContactDoc[],
  messages: MessageDoc[],
  { session }: LoadOptions,
): Promise<ConversationDoc[]> {
  const tenantId = oneOf(keys.tenantIds)
  const ways: mongo.Filter<ConversationDoc>[] = []
  if (contacts.length > 0) ways.push({ tenantId, contactId: { $in: contacts.map(contact => contact._id) }, deletedAt: null })
  if (messages.length > 0) ways.push({ tenantId, _id: { $in: distinct(messages.map(message => message.conversationId)) } })
  if (ways.length === 0) return []
  return await raw.conversations
    .find(ways.length === 1 ? (ways[0] as mongo.Filter<ConversationDoc>) : { $or: ways }, inSession(session))
    .toArray()
}

/** Leads of people whose conversation has no lead yet, the oldest first. */
async function loadLeads(
  raw: Raw,
  keys: BatchKeys,
  contacts: ContactDoc[],
  conversations: ConversationDoc[],
  { session }: LoadOptions,
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
  const found = await raw.leads.find(filter, inSession(session)).toArray()
  return found.toSorted((a, b) => (String(a._id) < String(b._id) ? -1 : 1))
}

async function loadTemplates(raw: Raw, keys: BatchKeys, { session }: LoadOptions): Promise<TemplateDoc[]> {
  if (keys.templates.length === 0) return []
  const tenantId = oneOf(keys.tenantIds)
  const $or = keys.templates.flatMap(({ wabaId, metaTemplateId, name, language }) => [
    ...(metaTemplateId === null ? [] : [{ wabaId, metaTemplateId }]),
    ...(name === null || language === null ? [] : [{ wabaId, name, language }]),
  ])
  if ($or.length === 0) return []
  return await raw.templates.find({ tenantId, deletedAt: null, $or }, inSession(session)).toArray()
}

const distinct = (ids: Id[]): Id[] => [...new Map(ids.map(id => [id.toHexString(), id])).values()]

/** The numbers of business accounts, for webhooks that name only an account. @throws Outage */
export async function findClientsOfAccounts({ raw }: Store, wabaIds: string[]): Promise<Map<string, ClientDoc[]>> {
  if (wabaIds.length === 0) return new Map()
  const clients = await orOutage(raw.clients.find({ wabaId: { $in: wabaIds }, deletedAt: null }).toArray())
  return Map.groupBy(clients, client => client.wabaId)
}

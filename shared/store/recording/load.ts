import type { ClientSession, mongo } from 'mongoose'
import { phonesOf } from '../../domain/contacts/lead-keys.ts'
import { type BatchKeys, hasWaited, type KnownEvent, type Loaded } from '../../model/batch-plan.ts'
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

/** How a batch is read. */
export interface LoadOptions {
  /**
   * Also looks for rows that should not exist yet: the webhook events of the items, the messages that they insert, and messages
   * that their conversations do not count. Ids and numbers are unique, so a batch that meets such a row without this check fails
   * with a duplicate key and is repeated with it.
   */
  isThorough: boolean
  /** Reads in the snapshot of this transaction. */
  session?: ClientSession
}

/** Reads the documents that a batch needs, with one query for each collection that the batch names. */
export async function loadBatch(raw: Raw, keys: BatchKeys, options: LoadOptions): Promise<Loaded> {
  const { isThorough } = options
  const known = isThorough ? await loadKnown(raw, keys, options) : []
  const isRepeat =
    keys.messageIds.length === 0 &&
    known.length === keys.eventIds.length &&
    known.every(row => isDone(row.status) && !hasWaited(row))
  if (isRepeat || keys.tenantIds.length === 0) return { known, isThorough, ...NOTHING }
  return { known, ...(await loadDocuments(raw, keys, options)) }
}

/** Reads the documents of a batch, without what was recorded of its items before. */
export async function loadDocuments(raw: Raw, keys: BatchKeys, options: LoadOptions): Promise<Omit<Loaded, 'known'>> {
  const [stored, named] = await loadNamed(raw, keys, options)
  const standing = await loadConversations(raw, keys, named, stored, options)
  const inHand = { contacts: named, conversations: standing, messages: stored }
  const { contacts, conversations } = await loadRecipients(raw, keys, inHand, options)
  const leads = await loadLeads(raw, keys, contacts, conversations, options)
  const leftBehind = options.isThorough ? await loadLeftBehind(raw, conversations, options) : []
  const messages = [...new Map([...leftBehind, ...stored].map(message => [String(message._id), message])).values()]
  const templates = await loadTemplates(raw, keys, options)
  return { isThorough: options.isThorough, contacts, messages, conversations, leads, templates }
}

/** Messages and contacts, side by side where neither needs the other. Statements of a transaction must not overlap. */
async function loadNamed(raw: Raw, keys: BatchKeys, options: LoadOptions): Promise<[MessageDoc[], ContactDoc[]]> {
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

const inSession = (session: ClientSession | undefined) => (session ? { session } : {})

/** A filter value for a list: a single value as equality. */
const oneOf = <T>(values: T[]): T | { $in: T[] } => (values.length === 1 ? (values[0] as T) : { $in: values })

async function loadContacts(raw: Raw, keys: BatchKeys, messages: MessageDoc[], { session }: LoadOptions): Promise<ContactDoc[]> {
  const tenantId = oneOf(keys.tenantIds)
  const ways: mongo.Filter<ContactDoc>[] = []
  if (keys.waIds.length > 0) ways.push({ tenantId, waId: { $in: keys.waIds } })
  if (keys.userIds.length > 0) ways.push({ tenantId, userId: { $in: keys.userIds } })
  if (keys.recipients && messages.length > 0) ways.push({ tenantId, _id: { $in: messages.map(message => message.contactId) } })
  if (ways.length === 0) return []
  return await raw.contacts.find({ $or: ways }, inSession(session)).toArray()
}

async function loadMessages(raw: Raw, keys: BatchKeys, { session, isThorough }: LoadOptions): Promise<MessageDoc[]> {
  const tenantId = oneOf(keys.tenantIds)
  const wamids = isThorough ? [...new Set([...keys.wamids, ...keys.newWamids])] : keys.wamids
  const options = { ...inSession(session), projection: WITHOUT_PAYLOAD }
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

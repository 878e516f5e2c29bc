import { indexLeads, type LeadIndex } from '../domain/contacts/lead-keys.ts'
import { allUserIds, scopesOf } from '../domain/contacts/user-ids.ts'
import type { KnownEvent, Loaded, Move, Plan } from '../model/batch-plan.ts'
import type {
  ClientDoc,
  ContactDoc,
  ConversationDoc,
  DiscardedFileDoc,
  EventDoc,
  Id,
  LeadDoc,
  MessageDoc,
  ParkedItemDoc,
  TemplateDoc,
  TimelineEntry,
  WebhookEventDoc,
} from '../model/documents.ts'
import type { TemplateUse } from '../model/template-use.ts'

/** A loaded document with its changes, which are written once for all items of the batch. */
export interface Tracked<T> {
  doc: T
  isNew: boolean
  set: Partial<T> | null
  entries: TimelineEntry[]
}

/** Everything that a batch has loaded and changed so far. Items are applied to it in order. */
export interface State {
  known: Map<string, KnownEvent>
  /** Event rows that already exist in the database: parked, failed or being replayed. */
  replaced: Set<string>
  contacts: Map<string, Tracked<ContactDoc>>
  contactsByKey: Map<string, Tracked<ContactDoc>>
  conversations: Map<string, Tracked<ConversationDoc>>
  conversationsByPair: Map<string, Tracked<ConversationDoc>>
  messages: Map<string, Tracked<MessageDoc>>
  messagesByWamid: Map<string, Tracked<MessageDoc>>
  /** Latest erasure by `erasedKey`. */
  erased: Map<string, Date>
  leads: LeadIndex<LeadDoc>
  newLeads: LeadDoc[]
  templates: Tracked<TemplateDoc>[]
  /** Template uses of messages that became SENT by a status. */
  templateUses: TemplateUse[]
  clients: Map<string, Tracked<ClientDoc>>
  moves: Move[]
  events: EventDoc[]
  /** Changed conversations by id, in order of first change, each with the last webhook event that changed it. */
  touched: Map<string, { conversation: Tracked<ConversationDoc>; eventId: string }>
  /** Whether the documents were loaded thoroughly, see `Loaded`. */
  isThorough: boolean
  /** Whether the batch met traces of an interrupted try, so that it must be loaded thoroughly and folded again. */
  needsThorough: boolean
  projected: Plan['projected']
  webhookEvents: WebhookEventDoc[]
  parked: ParkedItemDoc[]
  unparked: Set<string>
  discarded: DiscardedFileDoc[]
}

export function openState(loaded: Loaded): State {
  const state: State = {
    known: new Map(loaded.known.map(row => [row._id, row])),
    replaced: new Set(loaded.known.map(row => row._id)),
    contacts: new Map(),
    contactsByKey: new Map(),
    conversations: new Map(),
    conversationsByPair: new Map(),
    messages: new Map(),
    messagesByWamid: new Map(),
    erased: new Map(loaded.erased?.map(({ tenantId, key, at }) => [erasedKey(tenantId, key), at])),
    leads: indexLeads(loaded.leads.filter(lead => !lead.deletedAt)),
    newLeads: [],
    templates: loaded.templates.map(doc => track(doc, false)),
    templateUses: [],
    clients: new Map(),
    moves: [],
    events: [],
    touched: new Map(),
    isThorough: loaded.isThorough,
    needsThorough: false,
    projected: [],
    webhookEvents: [],
    parked: [],
    unparked: new Set(),
    discarded: [],
  }
  for (const doc of loaded.contacts) addContact(state, track(doc, false))
  for (const doc of loaded.conversations) addConversation(state, track(doc, false))
  for (const doc of loaded.messages) addMessage(state, track(doc, false))
  return state
}

export const track = <T>(doc: T, isNew: boolean): Tracked<T> => ({ doc, isNew, set: null, entries: [] })

/** Changes fields of a document and records them for the update; a new document is inserted as a whole. */
export function change<T extends object>(tracked: Tracked<T>, fields: Partial<T>): void {
  Object.assign(tracked.doc, fields)
  if (!tracked.isNew) tracked.set = { ...tracked.set, ...fields }
}

export function note(tracked: Tracked<MessageDoc>, entry: TimelineEntry): void {
  tracked.doc.timeline.push(entry)
  if (!tracked.isNew) tracked.entries.push(entry)
}

export const waKey = (tenantId: Id, waId: string) => `${tenantId}:w:${waId}`
/** Key of a user id in a portfolio; null: in one that is not known. */
export const userKey = (tenantId: Id, portfolio: string | null, userId: string) => `${tenantId}:u:${portfolio ?? ''}:${userId}`
export const groupKey = (tenantId: Id, groupId: string) => `${tenantId}:g:${groupId}`
/** Key of an erased person's number or user id. */
export const erasedKey = (tenantId: Id, key: string) => `${tenantId}:${key}`
export const pairKey = (clientId: Id, contactId: Id) => `${clientId}:${contactId}`

export function addContact(state: State, contact: Tracked<ContactDoc>): void {
  const { _id, tenantId, waId, groupId } = contact.doc
  state.contacts.set(String(_id), contact)
  if (waId) state.contactsByKey.set(waKey(tenantId, waId), contact)
  if (groupId) state.contactsByKey.set(groupKey(tenantId, groupId), contact)
  for (const { portfolio, userId } of allUserIds(contact.doc))
    state.contactsByKey.set(userKey(tenantId, portfolio, userId), contact)
}

/** Number by which a person is met: it decides in which portfolio a user id is looked for. */
export type MetBy = Pick<ClientDoc, 'tenantId' | 'portfolioId' | 'wabaId'>

/** Contact with a user id in the portfolio of a number, or in one that is not known. */
export function findByUser(state: State, client: MetBy, userId: string): Tracked<ContactDoc> | undefined {
  for (const portfolio of [...scopesOf(client), null]) {
    const found = state.contactsByKey.get(userKey(client.tenantId, portfolio, userId))
    if (found) return found
  }
  return undefined
}

export function addConversation(state: State, conversation: Tracked<ConversationDoc>): void {
  state.conversations.set(String(conversation.doc._id), conversation)
  state.conversationsByPair.set(pairKey(conversation.doc.clientId, conversation.doc.contactId), conversation)
}

export function addMessage(state: State, message: Tracked<MessageDoc>): void {
  const { _id, tenantId, wamid, previousIds } = message.doc
  state.messages.set(String(_id), message)
  for (const id of [...(previousIds ?? []), wamid]) if (id) state.messagesByWamid.set(`${tenantId}:${id}`, message)
}

export const messageByWamid = (state: State, tenantId: Id, wamid: string) => state.messagesByWamid.get(`${tenantId}:${wamid}`)

/** Marks a conversation as changed: one event with its final state is emitted at the end of the batch. */
export function touch(state: State, conversation: Tracked<ConversationDoc>, eventId: string): void {
  state.touched.set(String(conversation.doc._id), { conversation, eventId })
}

/** Marks all conversations of a contact as changed. */
export function touchConversations(state: State, contactId: Id, eventId: string): void {
  for (const conversation of state.conversations.values())
    if (conversation.doc.contactId.equals(contactId) && !conversation.doc.deletedAt) touch(state, conversation, eventId)
}

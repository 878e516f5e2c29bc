import type { ClientSession } from 'mongoose'
import { phoneVariants } from '../domain/phone-variants.ts'
import type { Store } from './connect.ts'
import type {
  ClientDoc,
  ContactDoc,
  ConversationDoc,
  EventDoc,
  Id,
  LeadDoc,
  MessageDoc,
  PendingStatusDoc,
  PipelineDoc,
  TenantDoc,
  WebhookEventDoc,
} from './documents.ts'

/** A document while a batch is folded: changed in memory, written once. */
export class Draft<T extends { _id: Id }> {
  readonly doc: T
  readonly isNew: boolean
  readonly changed = new Set<keyof T>()

  constructor(doc: T, isNew: boolean) {
    this.doc = doc
    this.isNew = isNew
  }

  set<K extends keyof T>(key: K, value: T[K]): void {
    if (Object.is(this.doc[key], value)) return
    this.doc[key] = value
    this.changed.add(key)
  }
}

/** Everything that a batch of webhook items may touch, as the transaction sees it, and what the fold adds. */
export class RecordState {
  readonly clients: Map<string, ClientDoc>
  readonly tenants: Map<string, TenantDoc>
  readonly pipelines: Map<string, PipelineDoc>
  /** Webhook events that are stored already, by id. */
  readonly known = new Map<string, WebhookEventDoc['status']>()
  readonly contacts = new Set<Draft<ContactDoc>>()
  readonly conversations = new Map<string, Draft<ConversationDoc>>()
  readonly messages = new Map<string, Draft<MessageDoc>>()
  readonly leads = new Map<string, Draft<LeadDoc>>()
  readonly webhookEvents: WebhookEventDoc[] = []
  readonly parked: PendingStatusDoc[] = []
  readonly settledParked: string[] = []
  readonly events: EventDoc[] = []

  readonly #byIdentity = new Map<string, Draft<ContactDoc>>()
  readonly #byWamid = new Map<string, Draft<MessageDoc>>()
  readonly #byPair = new Map<string, Draft<ConversationDoc>>()

  constructor(clients: Map<string, ClientDoc>, tenants: Map<string, TenantDoc>, pipelines: Map<string, PipelineDoc>) {
    this.clients = clients
    this.tenants = tenants
    this.pipelines = pipelines
  }

  addContact(draft: Draft<ContactDoc>): void {
    this.contacts.add(draft)
    this.indexContact(draft)
  }

  /** Again after its identifiers changed. */
  indexContact({ doc }: Draft<ContactDoc>, draft = [...this.contacts].find(one => one.doc === doc)): void {
    if (draft === undefined) return
    if (doc.waId) for (const variant of phoneVariants(doc.waId)) this.#byIdentity.set(`${doc.tenantId}|w|${variant}`, draft)
    if (doc.userId) this.#byIdentity.set(`${doc.tenantId}|u|${doc.userId}`, draft)
  }

  findContact(tenantId: Id, { waId, userId }: { waId: string | null; userId: string | null }): Draft<ContactDoc> | undefined {
    const byUser = userId ? this.#byIdentity.get(`${tenantId}|u|${userId}`) : undefined
    return byUser ?? (waId ? this.#byIdentity.get(`${tenantId}|w|${waId}`) : undefined)
  }

  addConversation(draft: Draft<ConversationDoc>): void {
    this.conversations.set(String(draft.doc._id), draft)
    this.#byPair.set(`${draft.doc.clientId}|${draft.doc.contactId}`, draft)
  }

  findConversation(clientId: Id, contactId: Id): Draft<ConversationDoc> | undefined {
    return this.#byPair.get(`${clientId}|${contactId}`)
  }

  addMessage(draft: Draft<MessageDoc>): void {
    this.messages.set(String(draft.doc._id), draft)
    for (const wamid of [draft.doc.wamid, ...(draft.doc.previousIds ?? [])])
      if (wamid) this.#byWamid.set(`${draft.doc.tenantId}|${wamid}`, draft)
  }

  findMessage(tenantId: Id, wamid: string, messageId: string | null = null): Draft<MessageDoc> | undefined {
    const byId = messageId ? this.messages.get(messageId) : undefined
    return byId?.doc.tenantId.equals(tenantId) ? byId : this.#byWamid.get(`${tenantId}|${wamid}`)
  }
}

/** Which documents a batch names. */
export interface Wanted {
  eventIds: string[]
  tenantIds: Id[]
  clientIds: Id[]
  waIds: string[]
  userIds: string[]
  wamids: string[]
  messageIds: Id[]
  /** wamids of messages that are new here and may have statuses waiting. */
  unparkable: string[]
}

/** Reads them in the transaction's snapshot, one query a collection. */
export async function loadState(store: Store, state: RecordState, wanted: Wanted, session: ClientSession): Promise<void> {
  const { raw } = store
  const tenantId = { $in: wanted.tenantIds }
  for (const row of await raw.webhookEvents
    .find({ _id: { $in: wanted.eventIds } }, { session, projection: { status: 1 } })
    .toArray())
    state.known.set(row._id, row.status)
  const fresh = wanted.eventIds.some(id => !isSettled(state.known.get(id)))
  if (!fresh || wanted.tenantIds.length === 0) return

  const identities = [
    ...(wanted.waIds.length > 0 ? [{ waId: { $in: wanted.waIds.flatMap(phoneVariants) } }] : []),
    ...(wanted.userIds.length > 0 ? [{ userId: { $in: wanted.userIds } }] : []),
  ]
  if (identities.length > 0) {
    const contacts = await raw.contacts.find({ tenantId, deletedAt: null, $or: identities }, { session }).toArray()
    for (const doc of contacts) state.addContact(new Draft(doc, false))
  }
  await loadMessages(store, state, wanted, session)
  await loadConversations(store, state, wanted, session)
}

async function loadMessages({ raw }: Store, state: RecordState, wanted: Wanted, session: ClientSession): Promise<void> {
  const tenantId = { $in: wanted.tenantIds }
  const ways = [
    ...(wanted.wamids.length > 0 ? [{ tenantId, wamid: { $in: wanted.wamids } }] : []),
    ...(wanted.messageIds.length > 0 ? [{ tenantId, _id: { $in: wanted.messageIds } }] : []),
  ]
  for (const way of ways)
    for (const doc of await raw.messages.find(way, { session }).toArray())
      if (!state.messages.has(String(doc._id))) state.addMessage(new Draft(doc, false))
  const missing = wanted.wamids.filter(wamid => !wanted.tenantIds.some(id => state.findMessage(id, wamid)))
  // Only statuses can name an earlier attempt's wamid; a batch of new messages never pays for this look.
  if (wanted.messageIds.length > 0 && missing.length > 0)
    for (const doc of await raw.messages.find({ tenantId, previousIds: { $in: missing } }, { session }).toArray())
      state.addMessage(new Draft(doc, false))
}

async function loadConversations({ raw }: Store, state: RecordState, wanted: Wanted, session: ClientSession): Promise<void> {
  const tenantId = { $in: wanted.tenantIds }
  const contactIds = [...state.contacts].map(({ doc }) => doc._id)
  const ids = [...new Set([...state.messages.values()].map(({ doc }) => String(doc.conversationId)))]
  const ways = [
    ...(contactIds.length > 0 ? [{ clientId: { $in: wanted.clientIds }, contactId: { $in: contactIds } }] : []),
    ...(ids.length > 0 ? [{ _id: { $in: [...state.messages.values()].map(({ doc }) => doc.conversationId) } }] : []),
  ]
  if (ways.length === 0) return
  for (const doc of await raw.conversations.find({ tenantId, deletedAt: null, $or: ways }, { session }).toArray())
    state.addConversation(new Draft(doc, false))
}

/** Leads of people without a conversation so far; the others' are named by their conversation. */
export async function loadLeads(
  { raw }: Store,
  state: RecordState,
  tenantIds: Id[],
  phones: string[],
  session: ClientSession,
): Promise<void> {
  if (phones.length === 0) return
  const leads = await raw.leads
    .find({ tenantId: { $in: tenantIds }, phone: { $in: phones }, deletedAt: null }, { session })
    .toArray()
  for (const doc of leads) state.leads.set(`${doc.tenantId}|${doc.phone}`, new Draft(doc, false))
}

export const isSettled = (status: WebhookEventDoc['status'] | undefined): boolean =>
  status === 'PROCESSED' || status === 'IGNORED'

/** Numbers of the WABAs that account fields name: any of them tells the tenant. */
export async function findByWabaIds({ raw }: Store, wabaIds: string[]): Promise<ClientDoc[]> {
  return await raw.clients.find({ wabaId: { $in: [...new Set(wabaIds)] }, deletedAt: null }).toArray()
}

/** Ids of parked statuses whose message has come by now. */
export async function findMessagesOfParked({ raw }: Store, parked: readonly PendingStatusDoc[]): Promise<Set<string>> {
  const rows = await raw.messages
    .find({ wamid: { $in: parked.map(status => status.wamid) } }, { projection: { wamid: 1 } })
    .toArray()
  const wamids = new Set(rows.map(row => row.wamid))
  return new Set(parked.filter(status => wamids.has(status.wamid)).map(status => status._id))
}

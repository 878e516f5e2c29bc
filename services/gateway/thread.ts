import type { ClientSession } from 'mongoose'
import type { TemplateWish } from '#shared/contracts/outbound.ts'
import type { Caller } from '#shared/http/route.ts'
import type { Store } from '#shared/store/connect.ts'
import type { ContactDoc, ConversationDoc, Id } from '#shared/store/documents.ts'
import { findLeadsOf } from '#shared/store/lead-links.ts'
import { getLead } from '#shared/store/leads.ts'
import { snapshotOf } from '#shared/store/new-rows.ts'
import type { Destination } from './recipient.ts'

export interface Wish {
  to?: string
  conversationId?: string
  clientId?: string
  replyTo?: string
  sendAt?: string
  fallback?: TemplateWish
  candidateName?: string
  candidateId?: string
  applicationId?: string
  leadId?: string
}

/** A person whom nobody has written to yet; found if another request was first. */
export async function createContact(
  store: Store,
  tenantId: string,
  { waId, userId }: Destination,
  wish: Wish,
  session: ClientSession,
): Promise<ContactDoc> {
  const name = wish.candidateName ?? null
  const fields = {
    waId,
    userId,
    phone: waId,
    parentUserId: null,
    name,
    nameSource: name ? ('agent' as const) : null,
    username: null,
    optOut: false,
    optOutAt: null,
    optOutSource: null,
    attributes: {},
  }
  const filter = userId ? { tenantId, userId } : { tenantId, waId }
  const contact = await store.models.contacts
    .findOneAndUpdate(
      filter,
      { $setOnInsert: withoutKeys(fields, Object.keys(filter)) },
      { session, upsert: true, returnDocument: 'after' },
    )
    .lean()
  return contact as ContactDoc
}

interface Touch {
  destination: Destination
  wish: Wish
  now: Date
  caller: Caller
}

/** The thread with one more message in it, made if it is new. @throws ApiError 404 for a lead that is not there */
export async function touchConversation(
  store: Store,
  touch: Touch,
  contact: ContactDoc,
  session: ClientSession,
): Promise<ConversationDoc> {
  const { destination, wish, now, caller } = touch
  const filter = { tenantId: caller.tenantId, clientId: destination.client._id, contactId: contact._id }
  const about = { candidateName: wish.candidateName, candidateId: wish.candidateId, applicationId: wish.applicationId }
  const leadId = await leadFor(store, touch, contact, session)
  const wanted = { ...about, leadId: wish.leadId === undefined ? undefined : leadId }
  const given = Object.fromEntries(Object.entries(wanted).filter(([, value]) => value !== undefined))
  const fresh = {
    phoneNumberId: destination.client.phoneNumberId,
    contact: snapshotOf(contact),
    candidateName: null,
    candidateId: null,
    applicationId: null,
    leadId,
    status: 'open',
    assignedTo: null,
    labels: [],
    unreadCount: 0,
    lastMessage: null,
    lastInboundWamid: null,
    lastInboundAt: null,
    windowExpiresAt: null,
    referralAt: null,
    freeEntryPointExpiresAt: null,
    lastError: null,
    deletedAt: null,
  }
  const update = {
    $inc: { messageCount: 1 },
    $set: given,
    $max: { lastActivityAt: now },
    $setOnInsert: withoutKeys(fresh, Object.keys(given)),
  }
  const conversation = await store.models.conversations
    .findOneAndUpdate(filter, update, { session, upsert: true, returnDocument: 'after' })
    .lean()
  return conversation as ConversationDoc
}

/** The lead that the caller names; of a new thread the one that its person has already. */
async function leadFor(
  store: Store,
  { destination, wish, caller }: Touch,
  contact: ContactDoc,
  session: ClientSession,
): Promise<Id | null> {
  if (wish.leadId !== undefined) return (await getLead(store, caller.tenantId, wish.leadId, session))._id
  if (destination.conversation !== null) return null
  return (await findLeadsOf(store, contact.tenantId, [contact], session)).get(String(contact._id)) ?? null
}

function withoutKeys<T extends object>(fields: T, keys: string[]): Partial<T> {
  return Object.fromEntries(Object.entries(fields).filter(([key]) => !keys.includes(key))) as Partial<T>
}

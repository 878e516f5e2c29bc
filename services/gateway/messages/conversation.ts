import type { ClientSession } from 'mongoose'
import type { TemplateToSend } from '#shared/contracts/outbound.ts'
import type { Caller } from '#shared/http/route.ts'
import type { Common, ContactDoc, ConversationDoc, Id } from '#shared/model/documents.ts'
import { newContact, newConversation } from '#shared/model/new-rows.ts'
import type { Store } from '#shared/store/connect.ts'
import { findLeadsOf } from '#shared/store/contacts/lead-links.ts'
import { getLead } from '#shared/store/contacts/leads.ts'
import type { Destination } from './recipient.ts'

export interface MessageInput {
  to?: string
  conversationId?: string
  clientId?: string
  replyTo?: string
  sendAt?: string
  fallback?: TemplateToSend
  candidateName?: string
  candidateId?: string
  applicationId?: string
  leadId?: string
}

interface Touch {
  destination: Destination
  input: MessageInput
  now: Date
  caller: Caller
}

/** A person whom nobody has written to yet; found if another request was first. */
export async function createContact(
  store: Store,
  { destination, input, now, caller: { tenantId } }: Touch,
  session: ClientSession,
): Promise<ContactDoc> {
  const { client, waId, userId } = destination
  const name = input.candidateName ?? null
  const person = { waId, userId, name, nameSource: name ? ('agent' as const) : null }
  const filter = userId ? { tenantId, userId } : { tenantId, waId }
  const contact = await store.models.contacts
    .findOneAndUpdate(
      filter,
      { $setOnInsert: onInsert(newContact(client.tenantId, person, now), filter) },
      { session, upsert: true, returnDocument: 'after' },
    )
    .lean()
  return contact as ContactDoc
}

/** The thread with one more message in it, made if it is new. @throws ApiError 404 for a lead that is not there */
export async function touchConversation(
  store: Store,
  touch: Touch,
  contact: ContactDoc,
  session: ClientSession,
): Promise<ConversationDoc> {
  const { destination, input, now, caller } = touch
  const filter = { tenantId: caller.tenantId, clientId: destination.client._id, contactId: contact._id }
  const about = { candidateName: input.candidateName, candidateId: input.candidateId, applicationId: input.applicationId }
  const leadId = await leadFor(store, touch, contact, session)
  const wanted = { ...about, leadId: input.leadId === undefined ? undefined : leadId }
  const given = Object.fromEntries(Object.entries(wanted).filter(([, value]) => value !== undefined))
  const $inc = { messageCount: 1 }
  const $max = { lastActivityAt: now }
  const fresh = { ...newConversation(destination.client, contact, now), leadId }
  const update = { $inc, $set: given, $max, $setOnInsert: onInsert(fresh, filter, given, $inc, $max) }
  const conversation = await store.models.conversations
    .findOneAndUpdate(filter, update, { session, upsert: true, returnDocument: 'after' })
    .lean()
  return conversation as ConversationDoc
}

/** The lead that the caller names; of a new thread the one that its person has already. */
async function leadFor(
  store: Store,
  { destination, input, caller }: Touch,
  contact: ContactDoc,
  session: ClientSession,
): Promise<Id | null> {
  if (input.leadId !== undefined) return (await getLead(store, caller.tenantId, input.leadId, session))._id
  if (destination.conversation !== null) return null
  return (await findLeadsOf(store, contact.tenantId, [contact], session)).get(String(contact._id)) ?? null
}

/** Of a new row what the filter and the other steps of an upsert do not give it; id and times come with the write. */
function onInsert<T extends Common>({ _id, createdAt, updatedAt, ...row }: T, ...given: object[]): Partial<T> {
  const keys = new Set(given.flatMap(Object.keys))
  return Object.fromEntries(Object.entries(row).filter(([key]) => !keys.has(key))) as Partial<T>
}

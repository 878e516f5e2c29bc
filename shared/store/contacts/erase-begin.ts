import type { ClientSession } from 'mongoose'
import { phoneVariants } from '../../domain/contacts/phone-variants.ts'
import { notFound } from '../../domain/errors.ts'
import { ENDED, unfinished } from '../../domain/messages/dispatch.ts'
import { platformError } from '../../domain/messages/send-errors.ts'
import type { ContactDoc, ContactSnapshot, ErasedMark, EventDoc, Id } from '../../model/documents.ts'
import { newId } from '../../model/ids.ts'
import { conversationErased } from '../../views/events.ts'
import type { Store } from '../connect.ts'
import type { Alongside } from '../transaction.ts'
import { ensureHash, newErasure } from './erasures.ts'

/** The snapshot of an erased contact. */
const EMPTY_SNAPSHOT: ContactSnapshot = {
  waId: null,
  userId: null,
  phone: null,
  name: null,
  username: null,
  optOut: false,
  keys: [],
}
export const ERASED_CONTACT = {
  ...EMPTY_SNAPSHOT,
  portfolio: null,
  otherUserIds: [],
  parentUserId: null,
  nameSource: null,
  nameAt: null,
  attributes: {},
  labels: [],
  block: null,
  firstReferral: null,
}

export interface ErasureOrder {
  tenantId: Id
  contactId: Id
  by: Id
  /** The pseudonym that replaces a key of the contact. */
  pseudonymOf: (key: string) => string
  now: Date
}

/**
 * Begins the erasure of a contact: removes its name and keys, hides its conversations and cancels its messages that are not sent
 * yet, also those whose call is under way. From here on nothing that happened before is taken for the person; a later message from
 * the same number creates a new contact. @throws ApiError 404
 */
export async function beginErasure(
  store: Store,
  order: ErasureOrder,
  alongside?: Alongside<ContactDoc>,
): Promise<{ contact: ContactDoc; events: EventDoc[] }> {
  const { tenantId, contactId, by, now } = order
  const hash = await ensureHash(store, tenantId)
  return await store.transaction(async session => {
    const contact = await store.raw.contacts.findOne({ tenantId, _id: contactId, deletedAt: null }, { session })
    if (contact === null) throw notFound('Contact')
    const people = await samePerson(store, contact, session)
    const keys = keysOf(people)
    const pseudonym = order.pseudonymOf(contact.waId ?? contact.userId ?? String(contactId))
    const gone = { ...ERASED_CONTACT, deletedAt: now, updatedAt: now, updatedBy: by }
    const ids = people.map(({ _id }) => _id)
    await store.raw.contacts.updateMany({ tenantId, _id: { $in: ids } }, { $set: gone }, { session })
    const erasing = { ...keys, pseudonym, since: now }
    await store.raw.contacts.updateOne({ tenantId, _id: contactId }, { $set: { erasing } }, { session })
    const person = { contactIds: ids, keys: [...keys.waIds, ...keys.userIds], pseudonym, at: now }
    await store.raw.erasures.replaceOne({ _id: contactId, tenantId }, newErasure(contact, person, hash), {
      upsert: true,
      session,
    })
    const events = await hideConversations(store, tenantId, ids, { at: now, pseudonym }, session)
    await alongside?.(contact, session)
    return { contact: { ...contact, ...gone, erasing }, events }
  })
}

/** The contact and all contacts that were merged into it, directly or through others. */
async function samePerson(store: Store, contact: ContactDoc, session: ClientSession): Promise<ContactDoc[]> {
  const { tenantId } = contact
  const found = [contact]
  for (let last = [contact]; last.length > 0; found.push(...last))
    last = await store.raw.contacts.find({ tenantId, joinedWith: { $in: last.map(({ _id }) => _id) } }, { session }).toArray()
  return found
}

function keysOf(people: ContactDoc[]) {
  const phones = people.flatMap(({ waId, phone }) => [waId, phone].filter(one => one !== null && one !== undefined))
  const userIds = people.flatMap(({ userId, parentUserId, otherUserIds }) =>
    [userId, parentUserId, ...(otherUserIds ?? []).map(other => other.userId)].filter(one => one !== null && one !== undefined),
  )
  return { waIds: [...new Set(phones.flatMap(phone => [phone, ...phoneVariants(phone)]))], userIds: [...new Set(userIds)] }
}

/** What an erased conversation shows. */
export const HIDDEN = {
  contact: EMPTY_SNAPSHOT,
  candidateName: null,
  candidateId: null,
  applicationId: null,
  leadId: null,
  lastMessage: null,
  lastError: null,
  lastInboundWamid: null,
  unreadCount: 0,
  status: 'closed' as const,
  labels: [],
  waitingSince: null,
  unanswered: [],
  snoozedUntil: null,
  automaticDue: null,
  lastReferral: null,
}

async function hideConversations(
  store: Store,
  tenantId: Id,
  contactIds: Id[],
  erased: ErasedMark,
  session: ClientSession,
): Promise<EventDoc[]> {
  const { at: now } = erased
  const own = { tenantId, contactId: { $in: contactIds } }
  const conversations = await store.raw.conversations.find(own, { session }).toArray()
  const hidden = { ...HIDDEN, erased, deletedAt: now, updatedAt: now }
  await store.raw.conversations.updateMany(own, { $set: hidden, $inc: { version: 1 } }, { session })
  const conversationId = { $in: conversations.map(({ _id }) => _id) }
  const error = platformError('cancelled')
  const cancelled = { status: 'FAILED' as const, statusUpdatedAt: now, error, dispatch: ENDED, erasedAt: now }
  await store.raw.messages.updateMany({ tenantId, conversationId, ...unfinished() }, { $set: cancelled }, { session })
  const events = conversations
    .filter(({ deletedAt }) => !deletedAt)
    .map(conversation => conversationErased(newId(), { ...conversation, ...hidden }, now))
  if (events.length > 0) await store.raw.events.insertMany(events, { session })
  return events
}

/** Contacts whose erasure began before `before` and is unfinished, because its process ended; at most 10. Over all tenants. */
export async function findUnfinishedErasures(store: Store, before: Date): Promise<ContactDoc[]> {
  return await store.raw.contacts
    .find({ 'erasing.since': { $lte: before } })
    .limit(10)
    .toArray()
}

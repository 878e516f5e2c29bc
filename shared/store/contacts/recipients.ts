import { phoneVariants } from '../../domain/contacts/phone-variants.ts'
import type { ContactDoc, Id } from '../../model/documents.ts'
import { type Store, trusted } from '../connect.ts'
import { onInsert } from '../upsert.ts'

type Key = Id | string

/** Contacts as recipients of a message: found by the keys that Meta uses, and created when no contact has them. */

/** Meta's keys of a contact: a phone number in digits, a business-scoped user id, or both. */
export interface ContactKeys {
  waId: string | null
  userId: string | null
}

/** The contact with this user id, else with this phone number, exactly or in another form of it. */
export async function findContactWith(store: Store, tenantId: Key, { waId, userId }: ContactKeys): Promise<ContactDoc | null> {
  if (userId !== null) return await store.models.contacts.findOne({ tenantId, userId, deletedAt: null }).lean()
  const variants = await store.models.contacts
    .find({ tenantId, waId: trusted({ $in: phoneVariants(waId ?? '') }), deletedAt: null })
    .lean()
  return variants.find(contact => contact.waId === waId) ?? variants[0] ?? null
}

/** The stored contact, also when it is deleted or merged into another one. */
export async function findStoredContact(store: Store, tenantId: Key, id: Key): Promise<ContactDoc | null> {
  return await store.models.contacts.findOne({ tenantId, _id: id }).lean()
}

/** Whether a contact has exactly this phone number. */
export async function hasContactWith(store: Store, tenantId: Key, waId: string): Promise<boolean> {
  return (await store.models.contacts.exists({ tenantId, waId, deletedAt: null })) !== null
}

/** Ids of the contacts with this user id, or with one of these phone numbers. */
export async function findContactIds(
  store: Store,
  tenantId: Key,
  by: { userId: string } | { waIds: readonly string[] },
): Promise<Id[]> {
  const key = 'userId' in by ? by : { waId: trusted({ $in: [...by.waIds] }) }
  const contacts = await store.models.contacts.find({ tenantId, ...key, deletedAt: null }, { _id: 1 }).lean()
  return contacts.map(({ _id }) => _id)
}

/** Whether a contact has opted out of marketing; false when the contact does not exist. */
export async function hasOptedOut(store: Store, tenantId: Key, id: Key): Promise<boolean> {
  const contact = await store.models.contacts.findOne({ tenantId, _id: id }, { optOut: 1 }).lean()
  return contact?.optOut ?? false
}

/** Stores a new contact. @returns the stored one, or the one with its keys that another request stored first */
export async function ensureContact(store: Store, contact: ContactDoc): Promise<ContactDoc> {
  const { tenantId, waId, userId } = contact
  const filter = userId ? { tenantId, userId } : { tenantId, waId }
  const stored = await store.models.contacts
    .findOneAndUpdate(filter, { $setOnInsert: onInsert(contact, filter) }, { upsert: true, returnDocument: 'after' })
    .lean()
  return stored as ContactDoc
}

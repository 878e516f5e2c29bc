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

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
  const key = 'userId' in by ? anyUserId(by.userId) : { waId: trusted({ $in: [...by.waIds] }) }
  const contacts = await store.models.contacts.find({ tenantId, ...key, deletedAt: null }, { _id: 1 }).lean()
  return contacts.map(({ _id }) => _id)
}

/** Filters contacts with this user id in any portfolio. */
const anyUserId = (userId: string) => ({ $and: [trusted({ $or: [{ userId }, { 'otherUserIds.userId': userId }] })] })

/** What a contact has decided about messages, and whether it is blocked; null when it does not exist. */
export async function findConsent(store: Store, tenantId: Key, id: Key): Promise<Pick<ContactDoc, 'optOut' | 'block'> | null> {
  return await store.models.contacts.findOne({ tenantId, _id: id }, { optOut: 1, block: 1 }).lean()
}

/** Stores a new contact. @returns the stored one, or the one with its keys that another request stored first */
export async function ensureContact(store: Store, contact: ContactDoc): Promise<ContactDoc> {
  const { tenantId, waId, userId, portfolio = null } = contact
  const filter = userId ? { tenantId, userId, portfolio } : { tenantId, waId }
  const stored = await store.models.contacts
    .findOneAndUpdate(filter, { $setOnInsert: onInsert(contact, filter) }, { upsert: true, returnDocument: 'after' })
    .lean()
  return stored as ContactDoc
}

import { phoneVariants } from '../../domain/contacts/phone-variants.ts'
import { searchKeys, withKeys } from '../../domain/contacts/search-keys.ts'
import { ApiError, notFound } from '../../domain/errors.ts'
import type { ContactDoc, EventDoc, Id } from '../../model/documents.ts'
import { newId, toId } from '../../model/ids.ts'
import { copyOf } from '../../model/new-rows.ts'
import { contactChanged } from '../../views/events.ts'
import { type Store, trusted } from '../connect.ts'
import { isDuplicateKey } from '../errors.ts'
import { findPeople } from '../find-people.ts'
import { maySeeContact, visibleContacts, withAll } from '../inbox/visibility.ts'
import { findPage, type Page, type PageRequest } from '../pages.ts'
import type { Alongside } from '../transaction.ts'

type Key = Id | string
const BLOCKED = ['PENDING', 'DONE', 'REFUSED']

export interface ContactFilters {
  /** Beginnings of words of a name or username, or part of a phone number, as `searchTerms` reads them. */
  q?: string | undefined
  optOut?: boolean | undefined
  blocked?: boolean | undefined
  label?: string | undefined
}

/** Contacts of a tenant, newest first. */
export async function listContacts(
  store: Store,
  tenantId: Key,
  { q, optOut, blocked, label }: ContactFilters,
  page: PageRequest,
): Promise<Page<ContactDoc>> {
  const filter = {
    tenantId,
    deletedAt: null,
    groupId: null,
    ...(optOut !== undefined && { optOut }),
    ...(label !== undefined && { labels: label }),
    ...(blocked !== undefined && { 'block.state': trusted({ [blocked ? '$in' : '$nin']: BLOCKED }) }),
    ...withAll(await visibleContacts(store, tenantId)),
  }
  const { contacts } = store.models
  if (q === undefined) return await findPage<ContactDoc>(contacts, filter, 'createdAt', page)
  return await findPeople<ContactDoc>(contacts, { filter, keys: 'keys', q }, 'createdAt', page)
}

/** Names of the attributes that contacts have, as columns of an export. */
export async function attributeNames(store: Store, tenantId: Key, limit: number): Promise<string[]> {
  const rows = await store.models.contacts.aggregate<{ _id: string }>([
    { $match: { tenantId: toId(tenantId), deletedAt: null } },
    { $project: { names: { $objectToArray: '$attributes' } } },
    { $unwind: '$names' },
    { $group: { _id: '$names.k' } },
    { $sort: { _id: 1 } },
    { $limit: limit },
  ])
  return rows.map(({ _id }) => _id)
}

/** Contacts after the id `after`, in the order of their ids. */
export async function contactsAfter(store: Store, tenantId: Key, after: Id | null, limit: number): Promise<ContactDoc[]> {
  const filter = { tenantId, deletedAt: null, groupId: null, ...(after && { _id: trusted({ $gt: after }) }) }
  return await store.models.contacts.find(filter).sort({ _id: 1 }).limit(limit).lean()
}

/** @throws ApiError 404 for unknown, deleted, merged and other tenants' contacts alike */
export async function getContact(store: Store, tenantId: Key, id: Key): Promise<ContactDoc> {
  const visible = withAll(await visibleContacts(store, tenantId))
  const contact = await store.models.contacts.findOne({ tenantId, _id: id, deletedAt: null, ...visible }).lean()
  if (contact === null) throw notFound('Contact')
  return contact
}

/** The contact with this id, also when it is deleted. */
export async function findContact(store: Store, tenantId: Id, id: Id): Promise<ContactDoc | null> {
  return await store.models.contacts.findOne({ tenantId, _id: id }).lean()
}

export type ContactFields = Pick<
  ContactDoc,
  'waId' | 'userId' | 'name' | 'attributes' | 'optOut' | 'optOutAt' | 'optOutSource' | 'createdBy'
> & { _id?: Id }

/**
 * Creates a contact. @throws ApiError 409 CONTACT_EXISTS with the id of the contact that has the phone, in any form, or the user
 * id; without it when the user may not see that contact
 */
export async function createContact(store: Store, tenantId: Id, fields: ContactFields): Promise<ContactDoc> {
  const { waId, userId, name } = fields
  const ways = [...(waId ? [{ waId: trusted({ $in: phoneVariants(waId) }) }] : []), ...(userId ? [{ userId }] : [])]
  const find = () => store.models.contacts.findOne({ tenantId, $and: [trusted({ $or: ways })] }).lean()
  const found = await find()
  if (found) throw await exists(store, found)
  const nameSource = name === null ? null : ('agent' as const)
  const keys = searchKeys({ name, waId })
  const contact = { _id: newId(), ...fields, tenantId, phone: waId, keys, nameSource, updatedBy: fields.createdBy }
  try {
    return (await store.models.contacts.create(contact)).toObject()
  } catch (error) {
    if (!isDuplicateKey(error)) throw error
    throw await exists(store, await find())
  }
}

async function exists(store: Store, found: ContactDoc | null): Promise<ApiError> {
  const visible = found && (await maySeeContact(store, found))
  return new ApiError(409, 'CONTACT_EXISTS', 'A contact with this phone number or user id already exists.', {
    extra: { contactId: visible ? String(found._id) : null },
  })
}

/** Changes a contact and its copies in conversations, with their events, in one transaction. @throws ApiError 404 */
export async function changeContact(
  store: Store,
  { tenantId, _id }: ContactDoc,
  set: Partial<ContactDoc>,
  now: Date,
  alongside?: Alongside<ContactDoc>,
): Promise<{ contact: ContactDoc; events: EventDoc[] }> {
  const { contacts, conversations, events } = store.models
  return await store.transaction(async session => {
    const live = { tenantId, _id, deletedAt: null }
    const before = await contacts.findOne(live, null, { session }).lean()
    if (before === null) throw notFound('Contact')
    const contact = (await contacts
      .findOneAndUpdate(live, { $set: withKeys(before, set) }, { session, returnDocument: 'after' })
      .lean()) as ContactDoc
    const own = { tenantId, contactId: _id, deletedAt: null }
    const found = await conversations.find(own, null, { session }).lean()
    const shown = found.map(conversation => ({ ...conversation, contact: copyOf(contact, conversation) }))
    const copies = shown.map(one => ({
      updateOne: { filter: { tenantId, _id: one._id }, update: { $set: { contact: one.contact } } },
    }))
    if (copies.length > 0) await conversations.bulkWrite(copies, { session })
    const rows = shown.map(conversation => contactChanged(newId(), conversation, now))
    if (rows.length > 0) await events.insertMany(rows, { session })
    await alongside?.(contact, session)
    return { contact, events: rows }
  })
}

import { phoneVariants } from '../../domain/contacts/phone-variants.ts'
import { ApiError, notFound } from '../../domain/errors.ts'
import type { ContactDoc, EventDoc, Id } from '../../model/documents.ts'
import { newId, toId } from '../../model/ids.ts'
import { snapshotOf } from '../../model/new-rows.ts'
import { contactChanged } from '../../views/events.ts'
import { type Store, trusted } from '../connect.ts'
import { isDuplicateKey } from '../errors.ts'
import { visibleContacts, withAll } from '../inbox/visibility.ts'
import { findPage, type Page, type PageRequest, searching } from '../pages.ts'
import { searchPattern } from '../search.ts'
import type { Alongside } from '../transaction.ts'

type Key = Id | string
const BLOCKED = ['PENDING', 'DONE', 'REFUSED']

export interface ContactFilters {
  /** Part of a name, of a phone number in any usual form, or start of a username. */
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
    ...withAll([...(q ? [trusted({ $or: searched(q) })] : []), ...(await visibleContacts(store, tenantId))]),
  }
  return await findPage<ContactDoc>(store.models.contacts, filter, 'createdAt', page, searching(q))
}

function searched(q: string) {
  const { text, digits } = searchPattern(q)
  const ways = [
    { name: trusted({ $regex: text, $options: 'i' }) },
    { username: trusted({ $regex: `^${text.replace(/^@/, '')}`, $options: 'i' }) },
  ]
  return digits === null ? ways : [...ways, { phone: trusted({ $regex: digits }) }]
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
 * id
 */
export async function createContact(store: Store, tenantId: Id, fields: ContactFields): Promise<ContactDoc> {
  const { waId, userId, name } = fields
  const ways = [...(waId ? [{ waId: trusted({ $in: phoneVariants(waId) }) }] : []), ...(userId ? [{ userId }] : [])]
  const find = () => store.models.contacts.findOne({ tenantId, $and: [trusted({ $or: ways })] }).lean()
  const found = await find()
  if (found) throw exists(found._id)
  const nameSource = name === null ? null : ('agent' as const)
  const contact = { _id: newId(), ...fields, tenantId, phone: waId, nameSource, updatedBy: fields.createdBy }
  try {
    return (await store.models.contacts.create(contact)).toObject()
  } catch (error) {
    if (!isDuplicateKey(error)) throw error
    throw exists((await find())?._id)
  }
}

const exists = (id: Id | undefined) =>
  new ApiError(409, 'CONTACT_EXISTS', 'A contact with this phone number or user id already exists.', {
    extra: { contactId: id ? String(id) : null },
  })

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
    const contact = await contacts
      .findOneAndUpdate({ tenantId, _id, deletedAt: null }, { $set: set }, { session, returnDocument: 'after' })
      .lean()
    if (contact === null) throw notFound('Contact')
    const own = { tenantId, contactId: _id, deletedAt: null }
    for (const { portfolio, contact: shown } of snapshotsOf(contact))
      await conversations.updateMany({ ...own, ...portfolio }, { $set: { contact: shown } }, { session })
    const shown = await conversations.find(own, null, { session }).lean()
    const rows = shown.map(conversation => contactChanged(newId(), conversation, now))
    if (rows.length > 0) await events.insertMany(rows, { session })
    await alongside?.(contact, session)
    return { contact, events: rows }
  })
}

/** What the conversations of a contact show of it: in those with numbers of another portfolio, the user id that is valid there. */
function snapshotsOf(contact: ContactDoc) {
  const others = (contact.otherUserIds ?? []).map(({ portfolio }) => portfolio)
  const elsewhere = others.map(portfolio => ({ portfolio: { portfolio }, contact: snapshotOf(contact, portfolio) }))
  if (!contact.portfolio) return [{ portfolio: {}, contact: snapshotOf(contact) }]
  const own = trusted({ $in: [contact.portfolio, null] })
  const unknown = trusted({ $nin: [contact.portfolio, null, ...others] })
  return [
    { portfolio: { portfolio: own }, contact: snapshotOf(contact, contact.portfolio) },
    { portfolio: { portfolio: unknown }, contact: { ...snapshotOf(contact), userId: null } },
    ...elsewhere,
  ]
}

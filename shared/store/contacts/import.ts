import { type ContactRow, textOf } from '../../domain/contacts/contact-row.ts'
import { phoneVariants } from '../../domain/contacts/phone-variants.ts'
import { withKeys } from '../../domain/contacts/search-keys.ts'
import type { ContactDoc, EventDoc, Id } from '../../model/documents.ts'
import { newId } from '../../model/ids.ts'
import { newContact } from '../../model/new-rows.ts'
import type { Logger } from '../../process/logger.ts'
import { type Store, trusted } from '../connect.ts'
import { duplicatesOf } from '../errors.ts'
import { type HeldLease, holdLease } from '../leases.ts'
import { changeContact } from './contacts.ts'
import { findErasedSince } from './erasures.ts'

export interface ImportBatch {
  tenantId: Id
  by: Id
  /** Begin of the import. */
  now: Date
  /** True: counts the effect of the rows and writes nothing. */
  isDryRun: boolean
}
export interface Imported {
  created: number
  updated: number
  unchanged: number
  /** Events for the caller to publish. */
  events: EventDoc[]
}

/** After a crash the next import may begin when this time is over. */
const TURN_MS = 30_000

/** The turn of an import among those of a tenant, until it is disposed of; not held while another one runs. */
export const takeImportTurn = (store: Store, tenantId: string, log: Logger): Promise<HeldLease> =>
  holdLease(store, { name: `import:${tenantId}`, owner: String(newId()), ttlMs: TURN_MS, log })

/**
 * Creates or updates a contact for each row; idempotent. The keys of the rows must be distinct. Who was erased since the import began
 * is not created again, and counts as unchanged.
 */
export async function importRows(store: Store, batch: ImportBatch, rows: readonly ContactRow[]): Promise<Imported> {
  const known = await findKnown(store, batch.tenantId, rows)
  const missing = rows.filter(row => !known.has(row.key))
  const erased = await findErasedSince(store, batch.tenantId, missing.flatMap(keysOf), batch.now)
  const unknown = missing.filter(row => !keysOf(row).some(key => erased.has(key)))
  const created = batch.isDryRun ? unknown.length : await create(store, batch, unknown)
  const changes = rows.flatMap(row => {
    const contact = known.get(row.key)
    const set = contact && changesTo(contact, row, batch)
    return contact && set ? [{ contact, set }] : []
  })
  const events = batch.isDryRun ? [] : await update(store, batch, changes)
  const { length: updated } = changes
  return { created, updated, unchanged: rows.length - created - updated, events }
}

const keysOf = ({ waId, userId }: ContactRow): string[] => [
  ...(waId === null ? [] : phoneVariants(waId)),
  ...(userId === null ? [] : [userId]),
]

async function findKnown(store: Store, tenantId: Id, rows: readonly ContactRow[]): Promise<Map<string, ContactDoc>> {
  const waIds = rows.flatMap(({ waId }) => (waId === null ? [] : phoneVariants(waId)))
  const userIds = rows.flatMap(({ userId }) => userId ?? [])
  const ways = trusted({ $or: [{ waId: trusted({ $in: waIds }) }, { userId: trusted({ $in: userIds }) }] })
  const found = await store.models.contacts.find({ tenantId, deletedAt: null, $and: [ways] }).lean()
  const byKey = new Map<string, ContactDoc>()
  for (const contact of found) {
    for (const variant of contact.waId === null ? [] : phoneVariants(contact.waId)) byKey.set(variant, contact)
    if (contact.userId !== null) byKey.set(contact.userId, contact)
  }
  const known = rows.map(row => [row.key, byKey.get(row.userId ?? '') ?? byKey.get(row.waId ?? '')] as const)
  return new Map(known.filter((entry): entry is [string, ContactDoc] => entry[1] !== undefined))
}

/** @returns how many were created, without those that another writer created at the same time */
async function create(store: Store, { tenantId, by, now }: ImportBatch, rows: ContactRow[]): Promise<number> {
  if (rows.length === 0) return 0
  const contacts = rows.map(({ waId, userId, name, optOut, attributes }) => ({
    ...newContact(tenantId, { waId, userId, name, nameSource: name === null ? null : 'agent' }, now),
    attributes,
    ...(optOut && optedOut(now)),
    createdBy: by,
    updatedBy: by,
  }))
  try {
    await store.models.contacts.insertMany(contacts, { ordered: false })
    return rows.length
  } catch (error) {
    const duplicates = duplicatesOf(error)
    if (duplicates === null) throw error
    return rows.length - duplicates.length
  }
}

const optedOut = (at: Date) => ({ optOut: true, optOutAt: at, optOutSource: 'import' })

/** The fields that a row changes; null when it changes nothing. */
function changesTo(contact: ContactDoc, row: ContactRow, { by, now }: ImportBatch): Partial<ContactDoc> | null {
  const set: Partial<ContactDoc> = {}
  if (row.name !== null && row.name !== textOf(contact.name)) Object.assign(set, { name: row.name, nameSource: 'agent' })
  const differs = ([name, value]: [string, string]) => textOf(contact.attributes?.[name]) !== value
  if (Object.entries(row.attributes).some(differs)) set.attributes = { ...contact.attributes, ...row.attributes }
  if (row.optOut && !contact.optOut) Object.assign(set, optedOut(now))
  if (row.userId !== null && contact.userId === null) set.userId = row.userId
  return Object.keys(set).length === 0 ? null : { ...set, updatedBy: by }
}

/** Updates contacts: those with conversations one by one, because the copies change too; all others in one bulk write. */
async function update(
  store: Store,
  { tenantId, now }: ImportBatch,
  changes: { contact: ContactDoc; set: Partial<ContactDoc> }[],
): Promise<EventDoc[]> {
  if (changes.length === 0) return []
  const contactId = trusted({ $in: changes.map(({ contact }) => contact._id) })
  const conversations = await store.models.conversations.find({ tenantId, contactId, deletedAt: null }, { contactId: 1 }).lean()
  const withConversation = new Set(conversations.map(conversation => String(conversation.contactId)))
  const bare = changes.filter(({ contact }) => !withConversation.has(String(contact._id)))
  const writes = bare.map(({ contact, set }) => ({
    updateOne: { filter: { tenantId, _id: contact._id }, update: { $set: withKeys(contact, set) } },
  }))
  if (writes.length > 0) await store.models.contacts.bulkWrite(writes, { ordered: false })
  const events: EventDoc[] = []
  for (const { contact, set } of changes)
    if (withConversation.has(String(contact._id))) events.push(...(await changeContact(store, contact, set, now)).events)
  return events
}

import { phoneVariants } from '../domain/contacts/phone-variants.ts'
import type { Person } from '../meta/webhook.ts'
import type { ContactDoc, Id } from '../model/documents.ts'
import { newContact, snapshotOf } from '../model/new-rows.ts'
import type { FoldContext } from './context.ts'
import { mergeOlder } from './merge-contacts.ts'
import { addContact, change, type State, type Tracked, track, userKey, waKey } from './state.ts'

/**
 * Contact with a phone, a business-scoped user id or both, found or created. The user id takes precedence: a phone of another
 * contact moves to the one with the user id, and a contact that is left without a key is merged with it.
 * @returns null when Meta names nobody
 */
export function resolveContact(state: State, context: FoldContext, tenantId: Id, person: Person): Tracked<ContactDoc> | null {
  const { waId, userId } = person
  if (waId === null && userId === null) return null
  const byUser = userId === null ? undefined : state.contactsByKey.get(userKey(tenantId, userId))
  const byPhone = waId === null ? undefined : findByPhone(state, tenantId, waId)
  if (byUser === undefined && byPhone === undefined) return createContact(state, context, tenantId, person)
  if (byUser === undefined || byPhone === undefined || byUser === byPhone) {
    const found = (byUser ?? byPhone) as Tracked<ContactDoc>
    setKeys(state, found, person)
    return found
  }
  return resolveBoth(state, context, byUser, byPhone, person)
}

function resolveBoth(
  state: State,
  context: FoldContext,
  byUser: Tracked<ContactDoc>,
  byPhone: Tracked<ContactDoc>,
  person: Person,
): Tracked<ContactDoc> {
  dropKey(state, byPhone, 'waId')
  if (byPhone.doc.userId !== null) {
    setKeys(state, byUser, person)
    return byUser
  }
  const kept = mergeOlder(state, context, byUser, byPhone)
  setKeys(state, kept, person)
  return kept
}

/** Contact with a phone number, also in the other form of numbers of Brazil, Mexico and Argentina. */
export function findByPhone(state: State, tenantId: Id, waId: string): Tracked<ContactDoc> | undefined {
  for (const variant of phoneVariants(waId)) {
    const found = state.contactsByKey.get(waKey(tenantId, variant))
    if (found) return found
  }
  return undefined
}

/** Sets the keys of a contact that are missing or different, and its snapshots in conversations. */
export function setKeys(state: State, contact: Tracked<ContactDoc>, keys: Partial<Person>): void {
  const { doc } = contact
  const fields: Partial<ContactDoc> = {}
  if (keys.waId && keys.waId !== doc.waId) {
    fields.waId = keys.waId
    if (doc.phone === null || doc.phone === doc.waId) fields.phone = keys.waId
  }
  if (keys.userId && keys.userId !== doc.userId) fields.userId = keys.userId
  if (keys.parentUserId && keys.parentUserId !== doc.parentUserId) fields.parentUserId = keys.parentUserId
  if (Object.keys(fields).length === 0) return
  if (fields.waId && doc.waId) state.contactsByKey.delete(waKey(doc.tenantId, doc.waId))
  if (fields.userId && doc.userId) state.contactsByKey.delete(userKey(doc.tenantId, doc.userId))
  changeContact(state, contact, fields)
  addContact(state, contact)
}

export function dropKey(state: State, contact: Tracked<ContactDoc>, key: 'waId' | 'userId'): void {
  const { doc } = contact
  if (doc[key] === null) return
  state.contactsByKey.delete(key === 'waId' ? waKey(doc.tenantId, doc[key]) : userKey(doc.tenantId, doc[key]))
  changeContact(state, contact, { [key]: null })
}

/** Sets name and username from the profile; a name that the business gave is kept. */
export function updateProfile(state: State, contact: Tracked<ContactDoc>, person: Person): void {
  const { doc } = contact
  const fields: Partial<ContactDoc> = {}
  if (person.name && person.name !== doc.name && doc.nameSource !== 'agent' && doc.nameSource !== 'phone') {
    fields.name = person.name
    fields.nameSource = 'profile'
  }
  if (person.username && person.username !== doc.username) fields.username = person.username
  if (Object.keys(fields).length > 0) changeContact(state, contact, fields)
}

/** Changes a contact and its snapshots in conversations. */
export function changeContact(state: State, contact: Tracked<ContactDoc>, fields: Partial<ContactDoc>): void {
  change(contact, fields)
  for (const conversation of state.conversations.values()) {
    if (conversation.doc.contactId.equals(contact.doc._id)) change(conversation, { contact: snapshotOf(contact.doc) })
  }
}

/** Repeats in the conversations what an interrupted try changed in their contact alone. */
export function repeatSnapshots(state: State, { doc }: Tracked<ContactDoc>): void {
  const contact = snapshotOf(doc)
  for (const conversation of state.conversations.values()) {
    const isOurs = conversation.doc.contactId.equals(doc._id) && !conversation.doc.deletedAt
    if (isOurs && JSON.stringify(snapshotOf(conversation.doc.contact)) !== JSON.stringify(contact))
      change(conversation, { contact })
  }
}

function createContact(state: State, context: FoldContext, tenantId: Id, person: Person): Tracked<ContactDoc> {
  const { waId, userId, parentUserId, name, username } = person
  const own = { waId, userId, parentUserId, name, username, nameSource: name ? ('profile' as const) : null }
  const contact = track(newContact(tenantId, own, context.now, context.newId()), true)
  addContact(state, contact)
  return contact
}

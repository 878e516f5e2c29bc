import { newerPreference, type Preference } from '../domain/contacts/opt-out.ts'
import { phoneVariants } from '../domain/contacts/phone-variants.ts'
import { withKeys } from '../domain/contacts/search-keys.ts'
import { allUserIds, hasUserId, scopesOf, userIdIn, withoutUserId, withUserId } from '../domain/contacts/user-ids.ts'
import type { Person } from '../meta/people.ts'
import type { ContactDoc, Id } from '../model/documents.ts'
import { copyOf, newContact, snapshotOf } from '../model/new-rows.ts'
import type { FoldContext } from './context.ts'
import { mergeOlder } from './merge-contacts.ts'
import { addContact, change, findByUser, groupKey, type MetBy, type State, type Tracked, track, userKey, waKey } from './state.ts'

/**
 * Contact with a phone, a business-scoped user id or both, found or created. The user id, which is valid in the portfolio of the
 * number alone, takes precedence: a phone of another contact moves to the one with the user id, and a contact that is left without
 * a key is merged with it.
 * @returns null when Meta names nobody
 */
export function resolveContact(state: State, context: FoldContext, client: MetBy, person: Person): Tracked<ContactDoc> | null {
  const { waId, userId } = person
  if (waId === null && userId === null) return null
  const byUser = userId === null ? undefined : findByUser(state, client, userId)
  const byPhone = waId === null ? undefined : findByPhone(state, client.tenantId, waId)
  if (byUser === undefined && byPhone === undefined) return createContact(state, context, client, person)
  if (byUser === undefined || byPhone === undefined || byUser === byPhone) {
    const found = (byUser ?? byPhone) as Tracked<ContactDoc>
    setKeys(state, found, client, person)
    return found
  }
  return resolveBoth(state, context, client, { byUser, byPhone, person })
}

function resolveBoth(
  state: State,
  context: FoldContext,
  client: MetBy,
  { byUser, byPhone, person }: { byUser: Tracked<ContactDoc>; byPhone: Tracked<ContactDoc>; person: Person },
): Tracked<ContactDoc> {
  dropPhone(state, byPhone)
  if (userIdIn(byPhone.doc, scopesOf(client)) !== null) {
    setKeys(state, byUser, client, person)
    return byUser
  }
  const kept = mergeOlder(state, context, byUser, byPhone)
  setKeys(state, kept, client, person)
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
export function setKeys(state: State, contact: Tracked<ContactDoc>, client: MetBy, keys: Partial<Person>): void {
  const { doc } = contact
  const fields: Partial<ContactDoc> = {}
  if (keys.waId && keys.waId !== doc.waId) {
    fields.waId = keys.waId
    if (doc.phone === null || doc.phone === doc.waId) fields.phone = keys.waId
  }
  const scopes = scopesOf(client)
  if (keys.userId && !hasUserId(doc, scopes, keys.userId)) Object.assign(fields, withUserId(doc, scopes, keys.userId))
  if (keys.parentUserId && keys.parentUserId !== doc.parentUserId) fields.parentUserId = keys.parentUserId
  if (Object.keys(fields).length > 0) changeKeys(state, contact, fields)
}

/** Changes the keys of a contact and how it is found. */
function changeKeys(state: State, contact: Tracked<ContactDoc>, fields: Partial<ContactDoc>): void {
  const { tenantId, waId } = contact.doc
  const before = allUserIds(contact.doc).map(({ portfolio, userId }) => userKey(tenantId, portfolio, userId))
  for (const key of waId === null ? before : [...before, waKey(tenantId, waId)])
    if (state.contactsByKey.get(key) === contact) state.contactsByKey.delete(key)
  changeContact(state, contact, fields)
  addContact(state, contact)
}

function dropPhone(state: State, contact: Tracked<ContactDoc>): void {
  if (contact.doc.waId !== null) changeKeys(state, contact, { waId: null })
}

/** Takes away a user id that is no longer valid. */
export function dropUserId(state: State, contact: Tracked<ContactDoc>, client: MetBy): void {
  const fields = withoutUserId(contact.doc, scopesOf(client))
  if (Object.keys(fields).length > 0) changeKeys(state, contact, fields as Partial<ContactDoc>)
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

/** Applies what a person said about marketing messages, unless something newer is known. @returns whether it is news */
export function prefer(state: State, contact: Tracked<ContactDoc>, said: Preference): boolean {
  if (newerPreference(contact.doc, said) === contact.doc) return false
  changeContact(state, contact, said)
  return true
}

/** Changes a contact and its snapshots in conversations. */
export function changeContact(state: State, contact: Tracked<ContactDoc>, fields: Partial<ContactDoc>): void {
  change(contact, withKeys(contact.doc, fields))
  for (const conversation of state.conversations.values()) {
    if (conversation.doc.contactId.equals(contact.doc._id))
      change(conversation, { contact: copyOf(contact.doc, conversation.doc) })
  }
}

/** Repeats in the conversations what an interrupted try changed in their contact alone. */
export function repeatSnapshots(state: State, { doc }: Tracked<ContactDoc>): void {
  for (const conversation of state.conversations.values()) {
    const contact = snapshotOf(doc, conversation.doc.portfolio)
    const isOurs = conversation.doc.contactId.equals(doc._id) && !conversation.doc.deletedAt
    if (isOurs && JSON.stringify(snapshotOf(conversation.doc.contact)) !== JSON.stringify(contact))
      change(conversation, { contact: copyOf(doc, conversation.doc) })
  }
}

function createContact(state: State, context: FoldContext, client: MetBy, person: Person): Tracked<ContactDoc> {
  const { waId, userId, parentUserId, name, username } = person
  const ids = userId === null ? { userId } : withUserId({ userId: null }, scopesOf(client), userId)
  const own = { waId, userId, ...ids, parentUserId, name, username, nameSource: name ? ('profile' as const) : null }
  const contact = track(newContact(client.tenantId, own as Parameters<typeof newContact>[1], context.now, context.newId()), true)
  addContact(state, contact)
  return contact
}

/** The contact that stands for a group, found or created. */
export function resolveGroup(state: State, context: FoldContext, client: MetBy, groupId: string): Tracked<ContactDoc> {
  const found = state.contactsByKey.get(groupKey(client.tenantId, groupId))
  if (found) return found
  const own = { waId: null, userId: null, groupId, name: null, nameSource: null }
  const contact = track(newContact(client.tenantId, own, context.now, context.newId()), true)
  addContact(state, contact)
  return contact
}

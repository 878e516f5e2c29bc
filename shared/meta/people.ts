import { phoneVariants } from '../domain/contacts/phone-variants.ts'
import { isObject, type Json, listOf, text } from './json.ts'

/** The person on the other side of a conversation, with the keys that Meta names. */
export interface Person {
  waId: string | null
  userId: string | null
  parentUserId: string | null
  name: string | null
  username: string | null
}

/** What an item says of its person: any of the keys may be missing. */
export type NamedKeys = Pick<Person, 'waId' | 'userId' | 'parentUserId'>

export const NOBODY: Person = { waId: null, userId: null, parentUserId: null, name: null, username: null }

/** Phone number in digits, in any of the forms in which Meta wrote it. */
const PHONE = /^\+?\d[\d\s().-]{3,24}$/

/** Keys in an id field: Meta has sent business-scoped ids in place of phones, so the form decides. */
export function identify(key: string | null): Pick<Person, 'waId' | 'userId'> {
  if (key === null) return { waId: null, userId: null }
  const digits = PHONE.test(key) ? key.replace(/\D/g, '') : ''
  return digits.length >= 5 && digits.length <= 20 ? { waId: digits, userId: null } : { waId: null, userId: key }
}

/** The keys of somebody whom one field names by phone, another by user id, and a third by the id of linked portfolios. */
export function keysOf(phone: unknown, userId: unknown, parentUserId?: unknown): NamedKeys {
  const named = identify(text(phone))
  return { waId: named.waId, userId: text(userId) ?? named.userId, parentUserId: text(parentUserId) }
}

export const keysOfSender = (message: Json): NamedKeys => keysOf(message.from, message.from_user_id, message.from_parent_user_id)

export const keysOfReceiver = (message: Json): NamedKeys => keysOf(message.to, message.to_user_id, message.to_parent_user_id)

/** The recipient in a status. Meta has spelled the id of linked portfolios in two ways. */
export const keysOfRecipient = (status: Json): NamedKeys =>
  keysOf(status.recipient_id, status.recipient_user_id, status.recipient_parent_user_id ?? status.parent_recipient_user_id)

/** The keys that a system message gives its person. */
export function newKeysOf(system: Json): NamedKeys {
  const phone = identify(text(system.wa_id) ?? text(system.new_wa_id))
  return {
    waId: phone.waId,
    userId: text(system.user_id) ?? phone.userId,
    parentUserId: text(system.parent_user_id),
  }
}

const keysOfContact = (contact: Json): NamedKeys => keysOf(contact.wa_id, contact.user_id, contact.parent_user_id)

/** Contacts that stand beside the items of one value, and the people whom these items name. */
export interface Beside {
  contacts: Json[]
  people: NamedKeys[]
}

export const besideOf = (contacts: unknown, people: NamedKeys[]): Beside => ({
  contacts: listOf(contacts).filter(isObject),
  people,
})

/**
 * The contacts that are of this person, by id: never by their place in the list, nor because there is only one. A contact without
 * any id is of the person when nobody else is named in the value; the only contact of the only item is its sender, if the item
 * itself names nobody.
 */
export function contactsOf({ contacts, people }: Beside, person: NamedKeys): Json[] {
  if (isNobody(person)) return people.length === 1 && contacts.length === 1 ? contacts : []
  const named = contacts.filter(contact => isSamePerson(keysOfContact(contact), person))
  if (named.length > 0) return named
  const [only] = contacts
  const isAlone = contacts.length === 1 && only !== undefined && isNobody(keysOfContact(only))
  return isAlone && people.every(other => isSamePerson(other, person)) ? contacts : []
}

const isNobody = ({ waId, userId }: NamedKeys) => waId === null && userId === null

/** Whether both name one person: the same user id, or without two different ones a form of the same phone number. */
function isSamePerson(one: NamedKeys, other: NamedKeys): boolean {
  if (one.userId !== null && other.userId !== null) return one.userId === other.userId
  return one.waId !== null && other.waId !== null && phoneVariants(one.waId).includes(other.waId)
}

/** The person with these keys, completed by what the contacts beside say of nobody else. */
export function personOf(keys: NamedKeys, beside: Beside): Person {
  const contacts = contactsOf(beside, keys)
  const profiles = contacts.map(({ profile }) => (isObject(profile) ? profile : {}))
  const first = (values: (string | null)[]) => values.find(value => value !== null) ?? null
  const own = contacts.map(keysOfContact)
  return {
    waId: keys.waId ?? agreed(own.map(({ waId }) => waId)),
    userId: keys.userId ?? agreed(own.map(({ userId }) => userId)),
    parentUserId: keys.parentUserId ?? agreed(own.map(({ parentUserId }) => parentUserId)),
    name: first(profiles.map(({ name }) => text(name))),
    username: first(profiles.map(({ username }) => text(username)?.replace(/^@/, '') ?? null)),
  }
}

/** The value that all contacts of a person give; null when they contradict each other. */
function agreed(values: (string | null)[]): string | null {
  const distinct = new Set(values.filter(value => value !== null))
  return distinct.size === 1 ? ([...distinct][0] ?? null) : null
}

/** Contacts that name by an id one of these people, for a value that is divided among several. */
export const contactsNaming = (contacts: unknown, people: NamedKeys[]): unknown[] =>
  listOf(contacts).filter(contact => isObject(contact) && people.some(person => isSamePerson(keysOfContact(contact), person)))

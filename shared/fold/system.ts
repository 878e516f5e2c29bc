import { phoneVariants } from '../domain/contacts/phone-variants.ts'
import { scopesOf, userIdIn } from '../domain/contacts/user-ids.ts'
import { isObject, type Json, listOf, text } from '../meta/json.ts'
import { keysOf, NOBODY, newKeysOf, type Person } from '../meta/people.ts'
import type { AccountItem } from '../meta/webhook.ts'
import type { ClientDoc, ContactDoc } from '../model/documents.ts'
import type { FoldContext } from './context.ts'
import { dropUserId, findByPhone, resolveContact, setKeys } from './identity.ts'
import { mergeOlder } from './merge-contacts.ts'
import { findByUser, type State, type Tracked, touchConversations } from './state.ts'
import { ignored, PROCESSED, type Verdict } from './verdict.ts'

type Keys = Pick<Person, 'waId' | 'userId'>

/** Types of a system message that give a person another key; a missing type is of an older form of the first. */
const MOVING = new Set(['user_changed_number', 'customer_changed_number', 'user_changed_user_id'])

/**
 * The contact of a message from WhatsApp about a person, with the keys that it changes. Only a number or user id that differs from
 * the one before moves anybody; a message that repeats them, or is about something else, leaves everybody in place.
 */
export function contactOfSystem(
  state: State,
  context: FoldContext,
  client: ClientDoc,
  { person, system }: { person: Person; system: Json },
): Tracked<ContactDoc> | null {
  const before: Person = { ...person, userId: text(system.previous_user_id) ?? person.userId }
  const type = text(system.type)
  const after = type === null || MOVING.has(type) ? newKeysOf(system) : null
  const moved = after && {
    waId: isOtherPhone(before.waId, after.waId) ? after.waId : null,
    userId: otherThan(before.userId, after.userId),
  }
  if (after === null || moved === null || (moved.waId === null && moved.userId === null))
    return whoIs(state, context, client, before)
  return move(state, context, client, before, { ...moved, parentUserId: after.parentUserId })
}

const isOtherPhone = (before: string | null, after: string | null) =>
  after !== null && (before === null || !phoneVariants(before).includes(after))

const otherThan = (before: string | null, after: string | null) => (after === before ? null : after)

/** The person as known, else as named: a message that changes nothing teaches no key either. */
const whoIs = (state: State, context: FoldContext, client: ClientDoc, person: Person) =>
  holderOf(state, client, person) ?? resolveContact(state, context, client, person)

const holderOf = (state: State, client: ClientDoc, { waId, userId }: Keys) =>
  (userId !== null ? findByUser(state, client, userId) : undefined) ??
  (waId !== null ? findByPhone(state, client.tenantId, waId) : undefined)

function move(
  state: State,
  context: FoldContext,
  client: ClientDoc,
  before: Person,
  after: Keys & { parentUserId: string | null },
): Tracked<ContactDoc> | null {
  const old = holderOf(state, client, before)
  const target = holderOf(state, client, after)
  if (old === undefined && target === undefined) return resolveContact(state, context, client, { ...before, ...given(after) })
  // Whoever wrote with the new number already has the user id that belongs to it.
  const userId = after.userId ?? (target && target !== old ? userIdIn(target.doc, scopesOf(client)) : null)
  const contact =
    old && target && old !== target ? mergeOlder(state, context, old, target) : ((old ?? target) as Tracked<ContactDoc>)
  const isMoved = after.waId !== null && contact.doc.waId !== after.waId
  // A new number comes with a new user id: the old one is no longer valid.
  if (userId === null && after.waId !== null && isMoved) dropUserId(state, contact, client)
  setKeys(state, contact, client, given({ ...after, userId }))
  return contact
}

const given = (keys: Partial<Person>): Partial<Person> =>
  Object.fromEntries(Object.entries(keys).filter(([, value]) => value !== null))

/** What `user_id_update` says of its people: the ids before and after, and all that contacts beside them tell. */
export function userIdUpdatesOf({ value }: AccountItem): { person: Person; system: Json }[] {
  const updates = listOf(value.user_id_update).filter(isObject)
  return updates.flatMap(({ user_id: ids, parent_user_id: parents, wa_id: phone }) => {
    const [own, parent] = [isObject(ids) ? ids : {}, isObject(parents) ? parents : {}]
    const before = { ...NOBODY, ...keysOf(phone, own.previous, parent.previous) }
    if (text(own.current) === null || (before.waId === null && before.userId === null)) return []
    const system = { type: 'user_changed_user_id', user_id: own.current, parent_user_id: parent.current }
    return [{ person: before, system }]
  })
}

/** Applies a field that Meta documents beside the system message about the same change. Who is not known stays unknown. */
export function foldUserIdUpdate(state: State, context: FoldContext, [client]: ClientDoc[], item: AccountItem): Verdict {
  const known =
    client === undefined ? [] : userIdUpdatesOf(item).filter(({ person }) => holderOf(state, client, person) !== undefined)
  for (const one of known) {
    const contact = contactOfSystem(state, context, client as ClientDoc, one)
    if (contact) touchConversations(state, contact.doc._id, item.eventId)
  }
  return known.length > 0 ? PROCESSED : ignored('nobody who is known here')
}

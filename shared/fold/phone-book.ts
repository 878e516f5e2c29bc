import { isObject, listOf, text } from '../meta/json.ts'
import type { Person } from '../meta/people.ts'
import { waIdIn } from '../meta/wa-id.ts'
import { type AccountItem, timeOf } from '../meta/webhook.ts'
import type { ClientDoc, ContactDoc } from '../model/documents.ts'
import type { FoldContext } from './context.ts'
import { isOfErased } from './erased.ts'
import { changeContact, resolveContact } from './identity.ts'
import { type State, touchConversations, waKey } from './state.ts'
import { ignored, PROCESSED, type Verdict } from './verdict.ts'

interface Entry {
  person: Person
  /** Name in the phone book; null: the entry was removed. */
  name: string | null
  at: Date
}

/** Applies `smb_app_state_sync`: names from the phone book of the business's app. */
export function foldPhoneBook(state: State, context: FoldContext, clients: ClientDoc[], item: AccountItem): Verdict {
  const [client] = clients
  const entries = phoneBookOf(item)
  if (client === undefined || entries.length === 0) return ignored('no readable contact')
  let isNewer = false
  let hidesPayload = false
  for (const { person, name, at } of entries) {
    if (isOfErased(state, client.tenantId, person, { at, receivedAt: item.receivedAt })) {
      hidesPayload = true
      continue
    }
    // The removal of an unknown contact needs no contact.
    if (name === null && !state.contactsByKey.has(waKey(client.tenantId, person.waId ?? ''))) continue
    const contact = resolveContact(state, context, client, person)
    const fields = contact && nameFields(contact.doc, name, at)
    if (contact === null || fields === null) continue
    isNewer = true
    changeContact(state, contact, fields)
    touchConversations(state, contact.doc._id, item.eventId)
  }
  const verdict = isNewer ? PROCESSED : ignored('no change in the phone book')
  return hidesPayload ? { ...verdict, hidesPayload } : verdict
}

/** Name fields for a phone book entry; null if a newer entry was applied, or if an agent has set the name. */
function nameFields({ nameSource, nameAt }: ContactDoc, name: string | null, at: Date): Partial<ContactDoc> | null {
  if (nameSource === 'agent' || (nameAt && nameAt.getTime() > at.getTime())) return null
  if (name !== null) return { name, nameSource: 'phone', nameAt: at }
  return nameSource === 'phone' ? { name: null, nameSource: null, nameAt: at } : { nameAt: at }
}

export function phoneBookOf(item: AccountItem): Entry[] {
  return listOf(item.value.state_sync)
    .filter(isObject)
    .flatMap(({ type, action, contact, metadata }) => {
      const waId = isObject(contact) ? waIdIn(contact.phone_number) : null
      if (type !== 'contact' || !isObject(contact) || waId === null) return []
      const name = action === 'remove' ? null : (text(contact.full_name) ?? text(contact.first_name))
      const at = (isObject(metadata) ? timeOf(metadata.timestamp, item.receivedAt) : null) ?? item.at
      return [{ person: { waId, userId: null, parentUserId: null, name: null, username: null }, name, at }]
    })
}

import { isObject, text } from '../../meta/json.ts'
import { keysOf, NOBODY, type Person } from '../../meta/people.ts'
import type { AccountItem } from '../../meta/webhook.ts'
import type { ClientDoc, ThreadOwner } from '../../model/documents.ts'
import { findByPhone } from '../identity.ts'
import { findByUser, pairKey, type State, touch } from '../state.ts'
import { ignored, PROCESSED, type Verdict } from '../verdict.ts'
import { noteOwner } from './owner.ts'

/** The customer whose thread changed hands; without keys where Meta names nobody. */
export function customerOfHandover({ value }: AccountItem): Person {
  const sender = isObject(value.sender) ? value.sender : {}
  return { ...NOBODY, ...keysOf(sender.phone_number ?? sender.wa_id, sender.user_id, sender.parent_user_id) }
}

/**
 * Notes who answers a customer from now on. What counts is that control came or went; the roles are only shown. Where nobody is
 * named, the customer's next message tells.
 */
export function foldHandover(state: State, [client]: ClientDoc[], item: AccountItem): Verdict {
  const owner = ownerOf(item)
  if (client === undefined || owner === null) return ignored('no handover that is known here')
  const { waId, userId } = customerOfHandover(item)
  if (waId === null && userId === null) return ignored('no customer named')
  const contact =
    (userId !== null ? findByUser(state, client, userId) : undefined) ??
    (waId !== null ? findByPhone(state, client.tenantId, waId) : undefined)
  const conversation = contact && state.conversationsByPair.get(pairKey(client._id, contact.doc._id))
  if (conversation === undefined) return ignored('no conversation with this customer')
  noteOwner(conversation, owner, true)
  if (conversation.doc.threadOwner?.at !== owner.at) return ignored('something newer says who answers')
  touch(state, conversation, item.eventId)
  return PROCESSED
}

function ownerOf({ value, at }: AccountItem): ThreadOwner | null {
  const type = text(value.type) ?? ''
  if (type !== 'control_passed' && type !== 'control_taken') return null
  const details = isObject(value[type]) ? value[type] : {}
  return { owner: type === 'control_passed' ? 'platform' : 'other', role: text(details.new_owner_role), at }
}

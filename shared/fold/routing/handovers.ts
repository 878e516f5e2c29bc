import { createHash } from 'node:crypto'
import { byHandover, type Handover } from '../../domain/inbox/thread-owner.ts'
import { isObject, text } from '../../meta/json.ts'
import { keysOf, NOBODY, type Person } from '../../meta/people.ts'
import type { AccountItem } from '../../meta/webhook.ts'
import type { ClientDoc, ContactDoc, ConversationDoc, Id, MessageDoc } from '../../model/documents.ts'
import { toId } from '../../model/ids.ts'
import type { FoldContext } from '../context.ts'
import { addToConversation, conversationWith } from '../conversation.ts'
import { ERASED, isOfErased } from '../erased.ts'
import { resolveContact } from '../identity.ts'
import { FROM_SYSTEM, webhookMessage } from '../message.ts'
import { emitReceived } from '../realtime-events.ts'
import { addMessage, type State, touch, track } from '../state.ts'
import { ignored, PROCESSED, type Verdict } from '../verdict.ts'
import { noteOwner } from './owner.ts'

/** The customer whose thread changed hands; without keys where Meta names nobody. */
export function customerOfHandover({ value }: AccountItem): Person {
  const sender = isObject(value.sender) ? value.sender : {}
  return { ...NOBODY, ...keysOf(sender.phone_number ?? sender.wa_id, sender.user_id, sender.parent_user_id) }
}

/**
 * Shows a handover as an entry of its thread, and notes who answers the customer from now on. Both are made for somebody who is
 * not known yet: the first message may come later. Where nobody is named, the customer's next message tells who answers.
 */
export function foldHandover(state: State, context: FoldContext, [client]: ClientDoc[], item: AccountItem): Verdict {
  const handover = handoverOf(item)
  if (client === undefined || handover === null) return ignored('no handover that is known here')
  const person = customerOfHandover(item)
  if (isOfErased(state, client.tenantId, person, item)) return ERASED
  const contact = resolveContact(state, context, client, person)
  if (contact === null) return ignored('no customer named')
  const conversation = conversationWith(state, context, client, contact, item.at)
  const stored = state.messages.get(String(entryIdOf(item)))
  const entry = stored ?? track(entryOf(context, client, conversation.doc, contact.doc, item), true)
  if (!stored) addMessage(state, entry)
  addToConversation(state, conversation, entry, FROM_SYSTEM, item.receivedAt)
  noteOwner(conversation, byHandover(handover))
  if (!stored) emitReceived(state, item.eventId, entry.doc, person.waId ?? person.userId, context.now)
  touch(state, conversation, item.eventId)
  return PROCESSED
}

function handoverOf(item: AccountItem): Handover | null {
  const details = detailsOf(item)
  const role = text(details?.new_owner_role)
  return details && { owner: item.value.type === 'control_passed' ? 'platform' : 'other', role, at: item.at }
}

/** What Meta says of a handover; null for anything else. */
function detailsOf({ value }: AccountItem) {
  const type = text(value.type) ?? ''
  if (type !== 'control_passed' && type !== 'control_taken') return null
  return isObject(value[type]) ? value[type] : {}
}

/** Id of the entry of a handover, which Meta gives none: the same for each copy of the webhook. */
export const entryIdOf = ({ eventId }: AccountItem): Id => toId(createHash('sha256').update(eventId).digest('hex').slice(0, 24))

function entryOf(
  context: FoldContext,
  client: ClientDoc,
  conversation: ConversationDoc,
  contact: ContactDoc,
  item: AccountItem,
): MessageDoc {
  const details = detailsOf(item) ?? {}
  const data = {
    owner: handoverOf(item)?.owner,
    previousRole: text(details.previous_owner_role) ?? text(details.previous_owner_app_role),
    newRole: text(details.new_owner_role),
    note: text(details.metadata),
  }
  const content = { text: null, media: null, template: null, data }
  return {
    ...webhookMessage(context, client, conversation, contact, { wamid: null, at: item.at }, { type: 'handover', content }),
    _id: entryIdOf(item),
    direction: 'INBOUND',
    // Nobody has to read it: it is not unread, and no receipt goes for it.
    status: 'READ',
  }
}

import { areDifferentPeople, mergeRecipientKeys, type NamedKeys } from '../domain/contacts/identity.ts'
import { text } from '../meta/json.ts'
import type { StatusItem } from '../meta/webhook.ts'
import type { ContactDoc, MessageDoc } from '../model/documents.ts'
import type { FoldContext } from './context.ts'
import { changeContact, findByPhone, setKeys } from './identity.ts'
import { mergeOlder } from './merge-contacts.ts'
import { type State, type Tracked, touchConversations, userKey } from './state.ts'

/** Keys of the recipient in a status; null without a user id, and for a group, which has many recipients. */
export function recipientKeysOf({ person, report }: StatusItem): (NamedKeys & { userId: string }) | null {
  const { waId, userId, username } = person
  const isOfGroup = report.recipient_type === 'group' || text(report.recipient_participant_id) !== null
  return isOfGroup || userId === null ? null : { waId, userId, username }
}

/**
 * Adds the keys in a status to the contact of its message, so that a reply with the user id alone finds the contact. A contact
 * that already has the user id is the same person and is merged with it.
 */
export function mergeRecipient(state: State, context: FoldContext, item: StatusItem, message: Tracked<MessageDoc>): void {
  const reported = recipientKeysOf(item)
  const contact = state.contacts.get(String(message.doc.contactId))
  // Other contacts with these keys are not loaded if the message comes in this batch or its conversation shows the keys already.
  if (reported === null || contact === undefined || message.isNew || isGone(contact.doc) || hasMoved(contact.doc, message.doc))
    return
  const shown = state.conversations.get(String(message.doc.conversationId))?.doc.contact
  if (!shown || mergeRecipientKeys(shown, reported) === null || mergeRecipientKeys(contact.doc, reported) === null) return
  const others = holders(state, contact, reported)
  if (others.some(other => areDifferentPeople(contact.doc, other.doc))) return
  const kept = others.reduce((one, other) => mergeOlder(state, context, one, other), contact)
  const { username, ...keys } = mergeRecipientKeys(kept.doc, reported) ?? {}
  setKeys(state, kept, { ...keys, parentUserId: kept.doc.parentUserId ?? item.person.parentUserId })
  if (username) changeContact(state, kept, { username })
  touchConversations(state, kept.doc._id, item.eventId)
}

const isGone = ({ deletedAt, erasing, erasedAt }: ContactDoc) => Boolean(deletedAt || erasing || erasedAt)

/** Whether the contact has changed its number since the message was sent: the user id in the status is outdated then. */
const hasMoved = (contact: ContactDoc, { contactKey, contactKeyKind }: MessageDoc) =>
  contactKeyKind === 'waId' && areDifferentPeople(contact, { waId: contactKey, userId: null })

function holders(state: State, contact: Tracked<ContactDoc>, { waId, userId }: { waId: string | null; userId: string }) {
  const { tenantId } = contact.doc
  const found = [state.contactsByKey.get(userKey(tenantId, userId)), waId ? findByPhone(state, tenantId, waId) : undefined]
  return [...new Set(found)].filter(other => other !== undefined && other !== contact) as Tracked<ContactDoc>[]
}

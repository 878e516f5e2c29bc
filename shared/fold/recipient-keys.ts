import { areDifferentPeople, mergeRecipientKeys, type NamedKeys } from '../domain/contacts/identity.ts'
import { text } from '../meta/json.ts'
import type { StatusItem } from '../meta/webhook.ts'
import type { ContactDoc, MessageDoc } from '../model/documents.ts'
import type { FoldContext } from './context.ts'
import { changeContact, findByPhone, giveKeys } from './identity.ts'
import { joinContacts } from './merge-contacts.ts'
import { type State, type Tracked, touchConversations, userKey } from './state.ts'

/** Whom a status says that its message went to; null without a user id, and in a group, which has many. */
export function recipientKeysOf({ person, report }: StatusItem): (NamedKeys & { userId: string }) | null {
  const { waId, userId, username } = person
  const isOfGroup = report.recipient_type === 'group' || text(report.recipient_participant_id) !== null
  return isOfGroup || userId === null ? null : { waId, userId, username }
}

/**
 * The contact of a message gets the keys that its status brings and that it lacks: an answer by user id alone then finds it.
 * Whoever wrote by that id before is the same person, and is joined with it.
 */
export function mergeRecipient(state: State, context: FoldContext, item: StatusItem, message: Tracked<MessageDoc>): void {
  const reported = recipientKeysOf(item)
  const contact = state.contacts.get(String(message.doc.contactId))
  // Nobody has looked for others with these keys when this very batch brings the message, or when its thread shows them.
  if (reported === null || contact === undefined || message.isNew || isGone(contact.doc) || hasMoved(contact.doc, message.doc))
    return
  const shown = state.conversations.get(String(message.doc.conversationId))?.doc.contact
  if (!shown || mergeRecipientKeys(shown, reported) === null || mergeRecipientKeys(contact.doc, reported) === null) return
  const others = holders(state, contact, reported)
  if (others.some(other => areDifferentPeople(contact.doc, other.doc))) return
  const kept = others.reduce((one, other) => joinContacts(state, context, one, other), contact)
  const { username, ...keys } = mergeRecipientKeys(kept.doc, reported) ?? {}
  giveKeys(state, kept, { ...keys, parentUserId: kept.doc.parentUserId ?? item.person.parentUserId })
  if (username) changeContact(state, kept, { username })
  touchConversations(state, kept.doc._id, item.eventId)
}

const isGone = ({ deletedAt, erasing, erasedAt }: ContactDoc) => Boolean(deletedAt || erasing || erasedAt)

/** The message went to a number that the person has left since: its user id went with it. */
const hasMoved = (contact: ContactDoc, { contactKey, contactKeyKind }: MessageDoc) =>
  contactKeyKind === 'waId' && areDifferentPeople(contact, { waId: contactKey, userId: null })

function holders(state: State, contact: Tracked<ContactDoc>, { waId, userId }: { waId: string | null; userId: string }) {
  const { tenantId } = contact.doc
  const found = [state.contactsByKey.get(userKey(tenantId, userId)), waId ? findByPhone(state, tenantId, waId) : undefined]
  return [...new Set(found)].filter(other => other !== undefined && other !== contact) as Tracked<ContactDoc>[]
}

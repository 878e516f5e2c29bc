import { areDifferentPeople, mergeRecipientKeys, type NamedKeys } from '../domain/contacts/identity.ts'
import type { StatusItem } from '../meta/webhook.ts'
import { isOfGroup } from '../meta/webhook-lists.ts'
import type { ClientDoc, ContactDoc, MessageDoc } from '../model/documents.ts'
import { keysFor } from '../model/new-rows.ts'
import type { FoldContext } from './context.ts'
import { changeContact, findByPhone, setKeys } from './identity.ts'
import { mergeOlder } from './merge-contacts.ts'
import { findByUser, type State, type Tracked, touchConversations } from './state.ts'

/** Keys of the recipient in a status; null without a user id, and for a group, which has many recipients. */
export function recipientKeysOf({ person, report }: StatusItem): (NamedKeys & { userId: string }) | null {
  const { waId, userId, username } = person
  return isOfGroup(report) || userId === null ? null : { waId, userId, username }
}

/**
 * Adds the keys in a status to the contact of its message, so that a reply with the user id alone finds the contact. A contact
 * that already has the user id is the same person and is merged with it.
 */
export function mergeRecipient(
  state: State,
  context: FoldContext,
  client: ClientDoc,
  item: StatusItem,
  message: Tracked<MessageDoc>,
): void {
  const reported = recipientKeysOf(item)
  const contact = state.contacts.get(String(message.doc.contactId))
  // Other contacts with these keys are not loaded if the message comes in this batch or its conversation shows the keys already.
  if (reported === null || contact === undefined || message.isNew || isGone(contact.doc) || hasMoved(contact.doc, message.doc))
    return
  const shown = state.conversations.get(String(message.doc.conversationId))?.doc.contact
  const keysOf = ({ doc }: Tracked<ContactDoc>) => ({ ...keysFor(doc, client), username: doc.username })
  if (!shown || mergeRecipientKeys(shown, reported) === null || mergeRecipientKeys(keysOf(contact), reported) === null) return
  const others = holders(state, contact, client, reported)
  if (others.some(other => areDifferentPeople(contact.doc, other.doc))) return
  const kept = others.reduce((one, other) => mergeOlder(state, context, one, other), contact)
  const { username, ...keys } = mergeRecipientKeys(keysOf(kept), reported) ?? {}
  setKeys(state, kept, client, { ...keys, parentUserId: kept.doc.parentUserId ?? item.person.parentUserId })
  if (username) changeContact(state, kept, { username })
  touchConversations(state, kept.doc._id, item.eventId)
}

const isGone = ({ deletedAt, erasing, erasedAt }: ContactDoc) => Boolean(deletedAt || erasing || erasedAt)

/** Whether the contact has changed its number since the message was sent: the user id in the status is outdated then. */
const hasMoved = (contact: ContactDoc, { contactKey, contactKeyKind }: MessageDoc) =>
  contactKeyKind === 'waId' && areDifferentPeople(contact, { waId: contactKey, userId: null })

function holders(
  state: State,
  contact: Tracked<ContactDoc>,
  client: ClientDoc,
  { waId, userId }: { waId: string | null; userId: string },
) {
  const { tenantId } = contact.doc
  const found = [findByUser(state, client, userId), waId ? findByPhone(state, tenantId, waId) : undefined]
  return [...new Set(found)].filter(other => other !== undefined && other !== contact) as Tracked<ContactDoc>[]
}

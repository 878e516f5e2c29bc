import { Types } from 'mongoose'
import type { ClientDoc, ContactDoc, ContactSnapshot, ConversationDoc, Id, LastMessage, MessageDoc } from './documents.ts'

/** What a contact and a conversation are before anybody has said anything, and what they show of others. */

export const snapshotOf = ({ waId, userId, phone, name, username, optOut }: ContactSnapshot): ContactSnapshot => ({
  waId,
  userId,
  phone,
  name,
  username,
  optOut,
})

/** What the list of conversations shows of a message. */
export function lastMessageOf({ _id, content, type, direction, status, at }: MessageDoc): LastMessage {
  return { messageId: _id, text: content.text, type, direction, status, at }
}

type Person = Pick<ContactDoc, 'waId' | 'userId' | 'name' | 'nameSource'> & Partial<Pick<ContactDoc, 'parentUserId' | 'username'>>

export function newContact(
  tenantId: ContactDoc['tenantId'],
  person: Person,
  now: Date,
  _id: Id = new Types.ObjectId(),
): ContactDoc {
  return {
    _id,
    tenantId,
    parentUserId: null,
    username: null,
    ...person,
    phone: person.waId,
    optOut: false,
    optOutAt: null,
    optOutSource: null,
    attributes: {},
    createdAt: now,
    updatedAt: now,
    createdBy: null,
    updatedBy: null,
    deletedAt: null,
  }
}

export function newConversation(
  client: ClientDoc,
  contact: ContactDoc,
  now: Date,
  _id: Id = new Types.ObjectId(),
): ConversationDoc {
  return {
    _id,
    tenantId: client.tenantId,
    clientId: client._id,
    phoneNumberId: client.phoneNumberId,
    contactId: contact._id,
    contact: snapshotOf(contact),
    candidateName: null,
    candidateId: null,
    applicationId: null,
    leadId: null,
    status: 'open',
    assignedTo: null,
    labels: [],
    messageCount: 0,
    unreadCount: 0,
    lastMessage: null,
    lastActivityAt: now,
    lastInboundWamid: null,
    lastInboundAt: null,
    windowExpiresAt: null,
    referralAt: null,
    freeEntryPointExpiresAt: null,
    lastError: null,
    createdAt: now,
    updatedAt: now,
    createdBy: null,
    updatedBy: null,
    deletedAt: null,
  }
}

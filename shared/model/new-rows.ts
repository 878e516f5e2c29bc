import { searchKeys } from '../domain/contacts/search-keys.ts'
import { scopesOf, type UserIds, userIdIn } from '../domain/contacts/user-ids.ts'
import { type Dispatch, dispatchOf, ENDED, ready } from '../domain/messages/dispatch.ts'
import type { Priority } from '../domain/messages/priority.ts'
import { portfolioOf } from '../domain/numbers/sending.ts'
import type { ClientDoc, ContactDoc, ContactSnapshot, ConversationDoc, Id, LastMessage, MessageDoc } from './documents.ts'
import { newId } from './ids.ts'

/** Initial fields of contacts, conversations and messages, and the copies that they keep of others. */

/** @param portfolio that of the conversation's number, whose user id is shown; by default that of the contact's first id */
export function snapshotOf(contact: ContactSnapshot & UserIds, portfolio?: string | null): ContactSnapshot {
  const { waId, phone, name, username, optOut } = contact
  return { waId, userId: userIdIn(contact, portfolio ? [portfolio] : []), phone, name, username, optOut }
}

/** The copy of a contact that a conversation keeps: what it shows, and by which words a search finds it. */
export const copyOf = (
  contact: ContactSnapshot & UserIds,
  { portfolio, candidateName }: Pick<ConversationDoc, 'portfolio' | 'candidateName'>,
): ContactSnapshot => ({ ...snapshotOf(contact, portfolio), keys: searchKeys(contact, candidateName) })

/** Keys by which a contact is written to from a number. */
export const keysFor = (
  contact: Pick<ContactDoc, '_id' | 'waId'> & UserIds,
  client: Pick<ClientDoc, 'portfolioId' | 'wabaId'>,
): Pick<ContactDoc, '_id' | 'waId' | 'userId'> => ({
  _id: contact._id,
  waId: contact.waId,
  userId: userIdIn(contact, scopesOf(client)),
})

/** Fields of a message that the list of conversations shows. */
export function lastMessageOf({ _id, content, type, direction, status, at }: MessageDoc): LastMessage {
  return { messageId: _id, text: content.text, type, direction, status, at }
}

type Person = Pick<ContactDoc, 'waId' | 'userId' | 'name' | 'nameSource'> &
  Partial<Pick<ContactDoc, 'parentUserId' | 'username' | 'portfolio' | 'otherUserIds' | 'groupId'>>

export function newContact(tenantId: ContactDoc['tenantId'], person: Person, now: Date, _id: Id = newId()): ContactDoc {
  return {
    _id,
    tenantId,
    parentUserId: null,
    username: null,
    ...person,
    phone: person.waId,
    keys: searchKeys(person),
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

export function newConversation(client: ClientDoc, contact: ContactDoc, now: Date, _id: Id = newId()): ConversationDoc {
  const portfolio = portfolioOf(client)
  return {
    _id,
    tenantId: client.tenantId,
    clientId: client._id,
    phoneNumberId: client.phoneNumberId,
    contactId: contact._id,
    contact: copyOf(contact, { portfolio, candidateName: null }),
    portfolio,
    ...(contact.groupId && { groupId: contact.groupId }),
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

/** Whether nothing can be sent in a conversation: it is a group's. */
export const isReadOnly = ({ groupId }: Pick<ConversationDoc, 'groupId'>): boolean => Boolean(groupId)

/** Number, conversation and contact of a message. */
export interface MessagePlace {
  client: Pick<ClientDoc, '_id' | 'tenantId' | 'phoneNumberId'>
  conversation: Pick<ConversationDoc, '_id' | 'leadId'>
  contact: Pick<ContactDoc, '_id' | 'waId' | 'userId'>
}

/** Fields that all messages share, in both directions. */
export function newMessage(
  { client, conversation, contact }: MessagePlace,
  written: Pick<MessageDoc, 'type' | 'content'>,
  now: Date,
  _id: Id = newId(),
): Omit<MessageDoc, 'direction' | 'status'> {
  return {
    _id,
    tenantId: client.tenantId,
    conversationId: conversation._id,
    clientId: client._id,
    phoneNumberId: client.phoneNumberId,
    contactId: contact._id,
    contactKey: contact.waId ?? contact.userId ?? '',
    contactKeyKind: contact.waId ? 'waId' : 'userId',
    type: written.type,
    content: written.content,
    statusUpdatedAt: now,
    timeline: [],
    wamid: null,
    previousIds: [],
    error: null,
    cost: null,
    idempotencyKey: null,
    replyTo: null,
    reactions: [],
    sentBy: null,
    origin: null,
    leadId: conversation.leadId ?? null,
    campaignId: null,
    at: now,
    sendAt: null,
    payload: null,
    dispatch: ENDED,
    createdAt: now,
    updatedAt: now,
    createdBy: null,
    updatedBy: null,
    deletedAt: null,
  }
}

/** Outbound message that is ready to be sent. */
export function newOutbound(
  place: MessagePlace,
  { payload, ...written }: Pick<MessageDoc, 'type' | 'content' | 'payload'>,
  { priority, now, _id }: { priority: Priority; now: Date; _id?: Id },
): MessageDoc & { dispatch: Dispatch } {
  return {
    ...newMessage(place, written, now, _id),
    direction: 'OUTBOUND',
    status: 'QUEUED',
    timeline: [{ kind: 'accepted', at: now }],
    payload,
    dispatch: dispatchOf(priority, ready(now)),
  }
}

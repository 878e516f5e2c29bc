import { Types } from 'mongoose'
import { windowEnd } from '#shared/domain/service-window.ts'
import { readContent } from '#shared/meta/content.ts'
import { isObject, type Json, text } from '#shared/meta/json.ts'
import type { EchoItem, MessageItem } from '#shared/meta/webhook.ts'
import type { ClientDoc, ContactDoc, ConversationDoc, MessageDoc } from '#shared/store/documents.ts'
import { Draft, type RecordState } from '#shared/store/record-state.ts'
import { contactOf, conversationOf, moveIdentity } from './fold-people.ts'
import { type Telling, tellReceived } from './tell.ts'
import { ignored, PROCESSED, type Word } from './word.ts'

/** A message of a customer: stored in its thread, counted, shown; or applied to the message that it is about. */
export function foldMessage(state: RecordState, item: MessageItem, client: ClientDoc, telling: Telling): Word {
  if (state.findMessage(client.tenantId, item.wamid)) return ignored('stored before')
  if (item.person.waId === null && item.person.userId === null) return { status: 'FAILED', reason: 'a message names no sender' }
  const contact = contactOf(state, client.tenantId, item.person, telling.now)
  moveIdentity(state, item, contact, telling.now)
  const conversation = conversationOf(state, client, contact, telling.now)
  telling.updated.set(conversation, item.eventId)
  if (applyToTarget(state, item, client)) return PROCESSED

  const message = newMessage(state, item, client, conversation.doc, contact.doc, telling.now)
  append(conversation, message, telling.now)
  if (item.message.type !== 'system') openWindow(conversation, item, telling.now)
  tellReceived(state, telling, item.eventId, message, conversation.doc, contact.doc)
  return PROCESSED
}

/** A message that the business wrote in its own app: in the thread as "from phone", opening no window. */
export function foldEcho(state: RecordState, item: EchoItem, client: ClientDoc, telling: Telling): Word {
  if (state.findMessage(client.tenantId, item.wamid)) return ignored('stored before')
  if (item.person.waId === null && item.person.userId === null) return { status: 'FAILED', reason: 'an echo names no recipient' }
  const contact = contactOf(state, client.tenantId, item.person, telling.now)
  const conversation = conversationOf(state, client, contact, telling.now)
  telling.updated.set(conversation, item.eventId)
  if (applyToTarget(state, item, client)) return PROCESSED
  append(conversation, newMessage(state, item, client, conversation.doc, contact.doc, telling.now), telling.now)
  return PROCESSED
}

/** Reactions, edits and revokes belong under their message. False when that is not here: then they stand for themselves. */
function applyToTarget(state: RecordState, item: MessageItem | EchoItem, client: ClientDoc): boolean {
  const { reaction, edit, revoke } = item.message
  const named = [reaction, edit, revoke].find(isObject)
  const wamid = named && (text(named.message_id) ?? text(named.original_message_id))
  const target = wamid ? state.findMessage(client.tenantId, wamid) : undefined
  if (target === undefined) return false
  if (isObject(reaction)) react(target, item, text(reaction.emoji) ?? '')
  else if (isObject(edit)) change(target, item, isObject(edit.message) ? edit.message : {})
  else takeBack(target, item)
  target.set('updatedAt', item.receivedAt)
  return true
}

/** The newest word of each side counts. A removed one stays as an empty mark, so that the order of arrival does not matter. */
function react(target: Draft<MessageDoc>, item: MessageItem | EchoItem, emoji: string): void {
  const direction = item.kind === 'echo' ? 'OUTBOUND' : 'INBOUND'
  const others = target.doc.reactions.filter(reaction => reaction.direction !== direction)
  const [present] = target.doc.reactions.filter(reaction => reaction.direction === direction)
  if (present && present.at > item.at) return
  target.set('reactions', [...others, { emoji, direction, at: item.at }])
}

function change(target: Draft<MessageDoc>, item: MessageItem | EchoItem, edited: Json): void {
  if (target.doc.revokedAt || (target.doc.editedAt && target.doc.editedAt > item.at)) return
  const { content } = readContent(edited)
  target.set('content', { ...content, media: content.media ?? target.doc.content.media })
  target.set('editedAt', item.at)
}

function takeBack(target: Draft<MessageDoc>, item: MessageItem | EchoItem): void {
  target.set('content', { text: null, media: null, template: null, data: null })
  target.set('revokedAt', item.at)
}

function newMessage(
  state: RecordState,
  item: MessageItem | EchoItem,
  client: ClientDoc,
  conversation: ConversationDoc,
  contact: ContactDoc,
  now: Date,
): MessageDoc {
  const isEcho = item.kind === 'echo'
  const { type, content, replyTo, forwarded } = readContent(item.message)
  const quoted = replyTo ? state.findMessage(client.tenantId, replyTo) : undefined
  const doc: MessageDoc = {
    _id: new Types.ObjectId(),
    tenantId: client.tenantId,
    conversationId: conversation._id,
    clientId: client._id,
    phoneNumberId: client.phoneNumberId,
    contactId: contact._id,
    contactKey: contact.waId ?? contact.userId ?? '',
    contactKeyKind: contact.waId ? 'waId' : 'userId',
    direction: isEcho ? 'OUTBOUND' : 'INBOUND',
    type,
    content,
    status: isEcho ? 'SENT' : 'RECEIVED',
    statusUpdatedAt: item.at,
    timeline: [],
    wamid: item.wamid,
    previousIds: [],
    error: null,
    cost: null,
    idempotencyKey: null,
    replyTo: replyTo ? { messageId: quoted?.doc._id ?? null, wamid: replyTo } : null,
    reactions: [],
    ...(forwarded && { forwarded }),
    ...(isObject(item.message.referral) && { referral: item.message.referral }),
    sentBy: isEcho ? { kind: 'phone', id: null, name: null } : null,
    origin: isEcho ? 'phone' : null,
    leadId: conversation.leadId,
    campaignId: null,
    at: item.at,
    sendAt: null,
    payload: null,
    dispatch: null,
    createdAt: now,
    updatedAt: now,
    deletedAt: null,
  }
  state.addMessage(new Draft(doc, true))
  return doc
}

/** Counters, and the newest message by Meta's time; of two in one second the later arrival. */
function append(conversation: Draft<ConversationDoc>, message: MessageDoc, now: Date): void {
  const { doc } = conversation
  conversation.set('messageCount', doc.messageCount + 1)
  if (message.direction === 'INBOUND') conversation.set('unreadCount', doc.unreadCount + 1)
  conversation.set('updatedAt', now)
  if (doc.lastMessage && doc.lastMessage.at > message.at) return
  const { _id: messageId, type, direction, status, at } = message
  conversation.set('lastMessage', { messageId, text: message.content.text, type, direction, status, at })
  conversation.set('lastActivityAt', at)
}

/** From the message's own time, and never back. */
function openWindow(conversation: Draft<ConversationDoc>, item: MessageItem, now: Date): void {
  const { doc } = conversation
  const end = windowEnd(item.at, item.receivedAt)
  if (doc.windowExpiresAt === null || end > doc.windowExpiresAt) conversation.set('windowExpiresAt', end)
  if (doc.lastInboundAt === null || item.at >= doc.lastInboundAt) {
    conversation.set('lastInboundAt', item.at)
    conversation.set('lastInboundWamid', item.wamid)
  }
  if (isObject(item.message.referral) && (doc.referralAt === null || item.at > doc.referralAt))
    conversation.set('referralAt', item.at)
  if (doc.status === 'closed') conversation.set('status', 'open')
  conversation.set('updatedAt', now)
}

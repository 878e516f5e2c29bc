import type { mongo } from 'mongoose'
import { type DeliveryStatus, statusRank } from '#shared/domain/messages/delivery-status.ts'
import { messageEventId } from '#shared/meta/webhook.ts'
import type { ConversationDoc, EventDoc, MessageDoc, TimelineEntry, WebhookEventDoc } from '#shared/model/documents.ts'
import { lastMessageOf, newMessage } from '#shared/model/new-rows.ts'
import { conversationUpdated, eventIds, messageReceived, messageStatus } from '#shared/views/events.ts'
import type { InboundItem, Item, StatusItem } from './items.ts'
import type { OwnItem } from './parts.ts'

/** Documents as they are before the batch, by phone and by id. They are changed in place. */
export interface Loaded {
  conversations: Map<string, ConversationDoc>
  messages: Map<string, MessageDoc>
}

export interface Written {
  inserts: MessageDoc[]
  messages: mongo.AnyBulkWriteOperation<MessageDoc>[]
  conversations: mongo.AnyBulkWriteOperation<ConversationDoc>[]
  events: EventDoc[]
  receipts: WebhookEventDoc[]
}

interface State extends Loaded {
  now: Date
  inserts: MessageDoc[]
  /** Entries for the timelines of messages. */
  entries: Map<MessageDoc, TimelineEntry[]>
  /** Changed conversations, with what changed them last. */
  touched: Map<ConversationDoc, string>
  events: EventDoc[]
  receipts: WebhookEventDoc[]
}

const DAY_MS = 86_400_000

/** The rows that the product writes for the same items; no rule of the domain but the order of statuses. */
export function foldItems(items: Item[], loaded: Loaded, now: Date): Written {
  const state: State = { ...loaded, now, inserts: [], entries: new Map(), touched: new Map(), events: [], receipts: [] }
  for (const item of items) {
    const conversation = state.conversations.get(item.waId)
    if (conversation === undefined) throw new Error('a person without a conversation')
    if (item.kind === 'inbound') foldInbound(state, conversation, item)
    else if (item.kind === 'status') foldStatus(state, conversation, item)
    else foldOwn(state, conversation, item)
  }
  for (const [conversation, cause] of state.touched)
    state.events.push(conversationUpdated(eventIds.batch(conversation._id, cause), conversation, now))
  const { inserts, events, receipts } = state
  const messages = [...state.entries].map(([message, entries]) => messageUpdate(message, entries))
  return { inserts, messages, conversations: [...state.touched.keys()].map(conversationUpdate), events, receipts }
}

function foldInbound(state: State, conversation: ConversationDoc, item: InboundItem): void {
  const { now } = state
  const { clientId: _id, tenantId, phoneNumberId, contact, contactId } = conversation
  const place = { client: { _id, tenantId, phoneNumberId }, conversation, contact: { ...contact, _id: contactId } }
  const said = { type: 'text', content: { text: item.text, media: null, template: null, data: { body: item.text } } }
  const stamped = { wamid: item.wamid, at: item.at, statusUpdatedAt: item.at }
  const message: MessageDoc = { ...newMessage(place, said, now), ...stamped, direction: 'INBOUND', status: 'RECEIVED' }
  const eventId = messageEventId(item.wamid)
  state.inserts.push(message)
  conversation.unreadCount++
  conversation.windowExpiresAt = new Date(item.at.getTime() + DAY_MS)
  conversation.lastInboundAt = item.at
  conversation.lastInboundWamid = item.wamid
  show(conversation, message)
  state.events.push(messageReceived(eventIds.webhook(eventId), message, item.waId, now))
  state.touched.set(conversation, eventId)
  state.receipts.push(receiptOf(state, conversation, item, eventId))
}

function foldStatus(state: State, conversation: ConversationDoc, item: StatusItem): void {
  const { now } = state
  const message = state.messages.get(item.messageId) as MessageDoc
  const eventId = `s:${item.wamid}:${item.status.toLowerCase()}:${item.timestamp}`
  const key = `${item.status.toLowerCase()}:${item.timestamp}:`
  note(state, message, { kind: 'status', at: item.at, key, status: item.status })
  state.receipts.push(receiptOf(state, conversation, item, eventId))
  Object.assign(message, { wamid: item.wamid, dispatch: null, updatedAt: now })
  if (statusRank(item.status as DeliveryStatus) <= statusRank(message.status as DeliveryStatus)) return
  Object.assign(message, { status: item.status, statusUpdatedAt: item.at })
  state.events.push(messageStatus(eventIds.webhook(eventId), message, now))
  if (updateLast(conversation, message)) state.touched.set(conversation, eventId)
}

/** Counted when it was accepted, shown anew when it was sent. */
function foldOwn(state: State, conversation: ConversationDoc, { kind, messageId }: OwnItem): void {
  const message = state.messages.get(messageId) as MessageDoc
  if (kind === 'accepted') show(conversation, message)
  else if (!updateLast(conversation, message)) return
  state.touched.set(conversation, `p:${messageId}:${kind}`)
}

function show(conversation: ConversationDoc, message: MessageDoc): void {
  conversation.messageCount++
  conversation.lastMessage = lastMessageOf(message)
  conversation.lastActivityAt = message.at
}

function updateLast(conversation: ConversationDoc, message: MessageDoc): boolean {
  if (!conversation.lastMessage?.messageId.equals(message._id)) return false
  conversation.lastMessage = lastMessageOf(message)
  return true
}

function note({ entries }: State, message: MessageDoc, entry: TimelineEntry): void {
  entries.set(message, [...(entries.get(message) ?? []), entry])
}

/** A row that has ended: the sender, which is slower for once, finds nothing to write. */
function messageUpdate(message: MessageDoc, entries: TimelineEntry[]): mongo.AnyBulkWriteOperation<MessageDoc> {
  const { status, statusUpdatedAt, wamid, dispatch, updatedAt } = message
  const update = {
    $set: { status, statusUpdatedAt, wamid, dispatch, updatedAt },
    $push: { timeline: { $each: entries } },
  } as mongo.UpdateFilter<MessageDoc>
  return { updateOne: { filter: { _id: message._id, tenantId: message.tenantId }, update } }
}

function conversationUpdate(conversation: ConversationDoc): mongo.AnyBulkWriteOperation<ConversationDoc> {
  const { messageCount, unreadCount, lastMessage, lastActivityAt } = conversation
  const { windowExpiresAt, lastInboundAt, lastInboundWamid } = conversation
  const inbound = { windowExpiresAt, lastInboundAt, lastInboundWamid }
  const $set = { messageCount, unreadCount, lastMessage, lastActivityAt, ...inbound, updatedAt: new Date() }
  return { updateOne: { filter: { _id: conversation._id, tenantId: conversation.tenantId }, update: { $set } } }
}

function receiptOf(
  { now }: State,
  { tenantId, phoneNumberId }: ConversationDoc,
  { kind, body }: InboundItem | StatusItem,
  _id: string,
): WebhookEventDoc {
  const eventType = kind === 'inbound' ? 'message' : 'status'
  const place = { tenantId, phoneNumberId, wabaId: '310200450078901', field: 'messages' }
  const done = { status: 'PROCESSED' as const, reason: null, attempts: 1, receivedAt: now, processedAt: now }
  return { _id, ...place, eventType, payload: body, ...done }
}

import type { EventName } from '../contracts/realtime-event.ts'
import type { ConversationDoc, EventDoc, Id, MessageDoc } from '../model/documents.ts'
import { conversationView, errorView, messageView } from '../views/views.ts'
import type { State } from './state.ts'

/** Event ids come from the webhook event's: a batch that is done again makes the same rows. */
export function tell(
  state: State,
  event: {
    eventId: string
    tenantId: Id
    name: EventName
    clientId: Id | null
    conversationId: Id | null
    payload: Record<string, unknown>
  },
  now: Date,
): void {
  const { eventId, ...rest } = event
  state.events.push({ _id: eventId, ...rest, at: now, userId: null, createdAt: now } satisfies EventDoc)
}

export function emitReceived(state: State, webhookEventId: string, message: MessageDoc, from: string | null, now: Date): void {
  const payload = {
    conversationId: String(message.conversationId),
    clientId: String(message.clientId),
    message: { ...messageView(message), from, text: message.content.text, timestamp: message.at.toISOString() },
  }
  tell(state, { eventId: `r:${webhookEventId}`, name: 'message:received', ...placeOf(message), payload }, now)
}

/** A message that was written in the business's own app: it has left already. */
export function emitSent(state: State, webhookEventId: string, message: MessageDoc, now: Date): void {
  const payload = { ...namesOf(message), status: 'sent', message: messageView(message) }
  tell(state, { eventId: `r:${webhookEventId}`, name: 'message:sent', ...placeOf(message), payload }, now)
}

/** A message as it is now: another status, a reaction, an edit, a revocation. */
export function emitStatus(state: State, webhookEventId: string, message: MessageDoc, now: Date): void {
  const payload = {
    ...namesOf(message),
    status: message.status.toLowerCase(),
    error: errorView(message.error),
    message: messageView(message),
  }
  tell(state, { eventId: `r:${webhookEventId}`, name: 'message:status', ...placeOf(message), payload }, now)
}

/** Once for each conversation of the batch, with its state at the end. */
export function emitConversations(state: State, now: Date): void {
  for (const { conversation, eventId } of state.touched.values()) {
    const { doc } = conversation
    const payload = { conversationId: String(doc._id), updates: updatesOf(doc), conversation: conversationView(doc, now) }
    const place = { tenantId: doc.tenantId, clientId: doc.clientId, conversationId: doc._id }
    tell(state, { eventId: `u:${doc._id}:${eventId}`, name: 'conversation:updated', ...place, payload }, now)
  }
}

/** Threads that went into another one: whoever looks at them goes there. */
export function emitJoined(state: State, now: Date): void {
  for (const { from, to } of state.moves.flatMap(({ conversations }) => conversations)) {
    const target = state.conversations.get(String(to))?.doc
    // One that was made in this very batch was never seen by anybody.
    if (from.equals(to) || target === undefined || !state.conversations.has(String(from))) continue
    const conversation = conversationView(target, now)
    const payload = { conversationId: String(from), updates: { joinedWith: String(to) }, conversation }
    const place = { tenantId: target.tenantId, clientId: target.clientId, conversationId: from }
    tell(state, { eventId: `j:${from}:${to}`, name: 'conversation:updated', ...place, payload }, now)
  }
}

const updatesOf = (doc: ConversationDoc) => ({
  unreadCount: doc.unreadCount,
  messageCount: doc.messageCount,
  lastMessageAt: doc.lastMessage?.at.toISOString() ?? null,
  lastMessageText: doc.lastMessage?.text ?? null,
  windowExpiresAt: doc.windowExpiresAt?.toISOString() ?? null,
  status: doc.status,
})

const placeOf = ({ tenantId, clientId, conversationId }: MessageDoc) => ({ tenantId, clientId, conversationId })
const namesOf = (message: MessageDoc) => ({
  conversationId: String(message.conversationId),
  messageId: String(message._id),
  externalMessageId: message.wamid,
})

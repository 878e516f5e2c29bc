import type { MessageDoc } from '../model/documents.ts'
import {
  conversationJoined,
  conversationUpdated,
  eventIds,
  messageReceived,
  messageScheduled,
  messageSent,
  messageStatus,
} from '../views/events.ts'
import type { State } from './state.ts'

/** Event ids come from the webhook event's: a batch that is done again makes the same rows. */

export function emitReceived(state: State, webhookEventId: string, message: MessageDoc, from: string | null, now: Date): void {
  state.events.push(messageReceived(eventIds.webhook(webhookEventId), message, from, now))
}

/** A message that was written in the business's own app: it has left already. */
export function emitSent(state: State, webhookEventId: string, message: MessageDoc, now: Date): void {
  state.events.push(messageSent(eventIds.webhook(webhookEventId), message, now))
}

/** A message as it is now: another status, a reaction, an edit, a revocation. */
export function emitStatus(state: State, webhookEventId: string, message: MessageDoc, now: Date): void {
  state.events.push(messageStatus(eventIds.webhook(webhookEventId), message, now))
}

/** A message that goes later was accepted. */
export function emitScheduled(state: State, message: MessageDoc): void {
  state.events.push(messageScheduled(message, 'scheduled', message.createdAt))
}

/** Once for each conversation of the batch, with its state at the end. */
export function emitConversations(state: State, now: Date): void {
  for (const { conversation, eventId } of state.touched.values()) {
    const { doc } = conversation
    state.events.push(conversationUpdated(eventIds.batch(doc._id, eventId), doc, now))
  }
}

/** Conversations that were merged into another one: whoever looks at them goes there. */
export function emitJoined(state: State, now: Date): void {
  for (const { from, to } of state.moves.flatMap(({ conversations }) => conversations)) {
    const target = state.conversations.get(String(to))?.doc
    // One that was made in this very batch was never seen by anybody.
    if (from.equals(to) || target === undefined || !state.conversations.has(String(from))) continue
    state.events.push(conversationJoined(from, target, now))
  }
}

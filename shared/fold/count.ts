import { isBlocked } from '../domain/contacts/block.ts'
import { isNotice } from '../domain/messages/notices.ts'
import type { ConversationDoc, MessageDoc } from '../model/documents.ts'
import { lastMessageOf } from '../model/new-rows.ts'
import { change, type State, type Tracked, touch } from './state.ts'

/**
 * How a conversation counts its messages. Each gets the next number of its conversation (`seq`), and the conversation keeps the
 * number that it has counted up to (`messageCount`). Message and conversation are written one after the other: after a crash in
 * between, a message with a greater number than its conversation is still to be counted, and any other is counted already.
 */

/** Effects of a message on its conversation when it is counted. */
export interface CountEffect {
  /** Counts as unread, and opens or wakes the conversation. */
  isUnread: boolean
  /** Shown as last message in the list of conversations. */
  isShown: boolean
  /** Moves the conversation to the top of the list. */
  isActivity: boolean
}

/** Counts a message, unless it is counted already. @returns whether it was counted now */
export function countMessage(state: State, conversation: Tracked<ConversationDoc>, message: Tracked<MessageDoc>): boolean {
  const { messageCount } = conversation.doc
  if (isCounted(conversation.doc, message)) return false
  const next = messageCount + 1
  // A number further on: the message before it is stored and not counted, which a thorough load shows, or was refused.
  if ((message.doc.seq ?? next) > next && !state.isThorough) state.needsThorough = true
  if (message.doc.seq !== next) change(message, { seq: next })
  change(conversation, { messageCount: next })
  return true
}

function isCounted({ messageCount }: ConversationDoc, { doc, isNew }: Tracked<MessageDoc>): boolean {
  if (doc.seq !== undefined) return doc.seq <= messageCount
  return !isNew && doc.isUncounted !== true
}

/** A message of the customer also opens a closed conversation and wakes a snoozed one. */
export function addUnread(conversation: Tracked<ConversationDoc>): void {
  const { unreadCount, snoozedUntil } = conversation.doc
  change(conversation, { unreadCount: unreadCount + 1, status: 'open', ...(snoozedUntil && { snoozedUntil: null }) })
}

/** Shows a message in the list of conversations if it is the newest. */
export function showMessage(conversation: Tracked<ConversationDoc>, message: MessageDoc, { isActivity }: CountEffect): void {
  const { lastMessage, lastActivityAt } = conversation.doc
  if (!isNewest(conversation.doc, message)) return
  // Until a first message is shown, the time is that of the newest of what was heard of the customer.
  const isMoved = isActivity && (lastMessage === null || message.at > lastActivityAt)
  change(conversation, { lastMessage: lastMessageOf(message), ...(isMoved && { lastActivityAt: message.at }) })
}

/** Whether no message of the conversation comes after this one. Of the same second, the greater id is newer, as in the thread. */
function isNewest({ lastMessage }: ConversationDoc, { _id, at }: MessageDoc): boolean {
  if (lastMessage === null || at.getTime() !== lastMessage.at.getTime()) return lastMessage === null || at > lastMessage.at
  return String(_id) >= String(lastMessage.messageId)
}

/**
 * Counts the messages that an interrupted try of other items stored, before this batch numbers its own behind them. What else
 * such a message changes follows with its own item, which is delivered again.
 */
export function countLeftBehind(state: State, now: Date): void {
  const stored = [...state.messages.values()].filter(({ doc }) => doc.seq !== undefined)
  for (const message of stored.toSorted((a, b) => (a.doc.seq as number) - (b.doc.seq as number))) {
    const conversation = state.conversations.get(String(message.doc.conversationId))
    if (conversation === undefined || conversation.doc.deletedAt || !countMessage(state, conversation, message)) continue
    const effect = effectOf(state, message.doc)
    if (effect.isUnread) addUnread(conversation)
    if (effect.isShown) showMessage(conversation, message.doc, effect)
    touch(state, conversation, `left:${message.doc._id}:${now.getTime()}`)
  }
}

function effectOf(state: State, message: MessageDoc): CountEffect {
  const isInbound = message.direction === 'INBOUND'
  const isSystem = isNotice(message.type)
  const contact = state.contacts.get(String(message.contactId))?.doc
  const isOfBlocked = contact !== undefined && isBlocked(contact)
  const isScheduled = message.dispatch?.reason === 'scheduled'
  const isActivity = message.campaignId === null
  return { isUnread: isInbound && !isSystem && !isOfBlocked, isShown: !isSystem && !isScheduled, isActivity }
}

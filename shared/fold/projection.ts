import type { ConversationDoc, Id, MessageDoc } from '../model/documents.ts'
import { lastMessageOf } from '../model/new-rows.ts'
import type { FoldContext } from './context.ts'
import { addToConversation, type ConversationEffect } from './conversation.ts'
import { emitScheduled } from './realtime-events.ts'
import { change, type State, type Tracked, touch } from './state.ts'
import { DUPLICATE, ignored, PROCESSED, type Verdict } from './verdict.ts'

/** A message of ours that its conversation does not show as it is: accepted a moment ago, sent, or failed. */
export interface ProjectionItem {
  kind: 'projection'
  tenantId: Id
  messageId: Id
}

export const isProjection = (item: { kind: string }): item is ProjectionItem => item.kind === 'projection'

const OURS: ConversationEffect = { isUnread: false, opensWindow: false, isShown: true }
/** A scheduled message counts from its acceptance and is shown from its release. */
const SCHEDULED: ConversationEffect = { ...OURS, isShown: false }

/**
 * Brings a conversation up to date with one of its outbound messages: counted once, shown in the list when it is the newest,
 * its status and failure as they are now. All of it follows from the row, so a repeated item changes and emits nothing.
 */
export function foldProjection(state: State, item: ProjectionItem, { now, newId }: FoldContext): Verdict {
  const message = state.messages.get(String(item.messageId))?.doc
  if (!message?.tenantId.equals(item.tenantId)) return ignored('its message is gone')
  const conversation = state.conversations.get(String(message.conversationId))
  if (conversation === undefined) return ignored('its conversation is gone')
  const { _id, tenantId, unprojectedSince } = message
  if (!unprojectedSince) return DUPLICATE
  const isNew = message.isUncounted === true && !state.counted.has(String(_id))
  const before = shownBy(conversation.doc)
  if (isNew) count(state, conversation, message, now)
  show(conversation, message)
  state.projected.push({ _id, tenantId, unprojectedSince })
  // The id needs no cause: the event is written once, with the change, and a repeated item changes nothing.
  if (isNew || shownBy(conversation.doc) !== before) touch(state, conversation, `p:${newId()}`)
  return PROCESSED
}

/** What a conversation shows of its messages, to see whether it has changed. */
const shownBy = ({ lastMessage, lastError }: ConversationDoc) => JSON.stringify([lastMessage, lastError])

function count(state: State, conversation: Tracked<ConversationDoc>, message: MessageDoc, now: Date): void {
  const isScheduled = message.dispatch?.reason === 'scheduled'
  addToConversation(conversation, message, isScheduled ? SCHEDULED : OURS, now)
  const { lastActivityAt } = conversation.doc
  if (message.createdAt > lastActivityAt) change(conversation, { lastActivityAt: message.createdAt })
  if (isScheduled) emitScheduled(state, message, now)
  state.counted.add(String(message._id))
  state.receipts.push({ _id: message._id, tenantId: message.tenantId, createdAt: now })
}

/** The list shows its last message as it is now. What was sent ends the failure that was shown before it. */
function show(conversation: Tracked<ConversationDoc>, message: MessageDoc): void {
  const isLast = conversation.doc.lastMessage?.messageId.equals(message._id) === true
  if (isLast) change(conversation, { lastMessage: lastMessageOf(message) })
  if (isLast && message.error === null && message.status !== 'QUEUED') change(conversation, { lastError: null })
  showFailure(conversation, message)
}

function showFailure(conversation: Tracked<ConversationDoc>, { status, error, at }: MessageDoc): void {
  const shown = conversation.doc.lastError
  if (status !== 'FAILED' || error === null || (shown?.at && shown.at > at)) return
  change(conversation, { lastError: { ...error, at: error.at ?? at } })
}

import { isLater } from '../domain/is-later.ts'
import { afterFailure, afterSending, wasCancelled } from '../domain/messages/failures.ts'
import type { ConversationDoc, Id, MessageDoc } from '../model/documents.ts'
import type { FoldContext } from './context.ts'
import { attend } from './conversation.ts'
import { type CountEffect, countMessage, showMessage } from './count.ts'
import { eraseMessage } from './erased.ts'
import { emitScheduled } from './realtime-events.ts'
import { change, type State, type Tracked, touch } from './state.ts'
import { DUPLICATE, ignored, PROCESSED, type Verdict } from './verdict.ts'

/** A message of ours that its conversation does not show as it is: accepted a moment ago, sent, failed or released. */
export interface ProjectionItem {
  kind: 'projection'
  tenantId: Id
  messageId: Id
}

export const isProjection = (item: { kind: string }): item is ProjectionItem => item.kind === 'projection'

/**
 * Brings a conversation up to date with one of its outbound messages: counted once, shown in the list when it is the newest,
 * its status and failure as they are now. All of it follows from the row, so a repeated item changes nothing, and its event has
 * the same id until the mark of the row is taken away. In an erased conversation the message is emptied instead.
 */
export function foldProjection(state: State, { now }: Pick<FoldContext, 'now'>, item: ProjectionItem): Verdict {
  const message = state.messages.get(String(item.messageId))
  if (!message?.doc.tenantId.equals(item.tenantId)) return ignored('its message is gone')
  const { _id, tenantId, unprojectedSince } = message.doc
  if (!unprojectedSince) return DUPLICATE
  state.projected.push({ _id, tenantId, unprojectedSince })
  const conversation = state.conversations.get(String(message.doc.conversationId))
  // It was accepted while its person was being erased.
  if (conversation?.doc.erased) eraseMessage(message, conversation.doc.erased, now)
  if (conversation === undefined || conversation.doc.deletedAt) return ignored('its conversation is gone')
  count(state, conversation, message)
  show(conversation, message.doc)
  const isWaitingCampaign = message.doc.campaignId !== null && message.doc.status === 'QUEUED'
  if (!isWaitingCampaign) touch(state, conversation, `p:${_id}:${unprojectedSince.getTime()}`)
  return PROCESSED
}

/** A scheduled message counts and moves its conversation up from its acceptance, and is shown from its release. */
function count(state: State, conversation: Tracked<ConversationDoc>, message: Tracked<MessageDoc>): void {
  const isNew = countMessage(state, conversation, message)
  if (!isNew && !state.isThorough) return
  const { doc } = message
  if (isScheduled(doc)) emitScheduled(state, doc)
  if (isNew && isActivity(doc) && doc.createdAt > conversation.doc.lastActivityAt)
    change(conversation, { lastActivityAt: doc.createdAt })
}

const isScheduled = ({ dispatch }: MessageDoc) => dispatch?.reason === 'scheduled'
/** A campaign must not move all its conversations to the top. */
const isActivity = ({ campaignId }: MessageDoc) => campaignId === null
const effectOf = (message: MessageDoc): CountEffect => ({ isUnread: false, isShown: true, isActivity: isActivity(message) })

/**
 * The list shows its last message as it is now, and the newest failure that no later message has ended. A message that was cancelled
 * before its time was never shown.
 */
function show(conversation: Tracked<ConversationDoc>, message: MessageDoc): void {
  if (isScheduled(message) || wasCancelled(message)) return
  showMessage(conversation, message, effectOf(message))
  attend(conversation, message, effectOf(message), { at: message.at, arrivedAt: message.createdAt })
  rememberCampaign(conversation, message)
  showOutcome(conversation, message)
}

/** A campaign whose message has left is the one that the customer's next message answers. */
function rememberCampaign(conversation: Tracked<ConversationDoc>, { campaignId, status, at }: MessageDoc): void {
  const { lastCampaign } = conversation.doc
  if (campaignId === null || status === 'QUEUED' || status === 'FAILED') return
  if (lastCampaign && !isLater({ id: campaignId, at }, lastCampaign)) return
  change(conversation, { lastCampaign: { id: campaignId, at } })
}

/**
 * Updates the error that a conversation shows after the outcome of a message of ours. The result depends on the outcomes alone, not
 * on the order in which they come. @returns whether the shown error has changed
 */
export function showOutcome(conversation: Tracked<ConversationDoc>, { _id: messageId, at, status, error }: MessageDoc): boolean {
  if (status === 'QUEUED' || (status === 'FAILED' && error === null)) return false
  const { lastError, lastSent = null } = conversation.doc
  const before = { lastError, lastSent }
  const after =
    status === 'FAILED' && error !== null
      ? afterFailure(before, { ...error, at, messageId })
      : afterSending(before, { id: messageId, at })
  if (after.lastError !== lastError) change(conversation, { lastError: after.lastError })
  if (after.lastSent !== lastSent) change(conversation, { lastSent: after.lastSent })
  return after.lastError !== lastError
}

import { dispatchOf, ready } from '../../domain/messages/dispatch.ts'
import type { ConversationDoc, MessageDoc, TimelineEntry } from '../../model/documents.ts'
import { appended } from '../../model/timeline.ts'
import type { Store } from '../connect.ts'
import type { Session } from '../transaction.ts'

export interface Retry {
  at: Date
  expiresAt: Date
  /** Entries for the timeline. */
  notes: TimelineEntry[]
  /** The template to send instead of the message; {} sends the message unchanged. */
  content: Partial<Pick<MessageDoc, 'type' | 'content' | 'payload' | 'cost' | 'fallback'>>
}

/**
 * Makes a failed message READY again, in the same row, so that it keeps its history. The wamid of the failed attempt moves to
 * `previousIds`, where late statuses find it; the count of attempts continues.
 * @returns the message, and its conversation if it shows the message as its last one; null when it is no longer FAILED
 */
export async function sendAgain(
  store: Store,
  before: MessageDoc,
  { at, expiresAt, notes, content }: Retry,
  session: Session,
): Promise<{ message: MessageDoc; conversation: ConversationDoc | null } | null> {
  const { tenantId, _id, wamid } = before
  const attempt = Math.max(0, ...before.timeline.map(entry => entry.attempt ?? 0))
  const update = {
    $set: {
      ...content,
      status: 'QUEUED' as const,
      statusUpdatedAt: at,
      error: null,
      wamid: null,
      sendAt: null,
      dispatch: dispatchOf('chat', { ...ready(at), deadlineAt: expiresAt }, attempt),
    },
    $push: { ...appended(...notes), ...(wamid && { previousIds: wamid }) },
  }
  const message = await store.models.messages
    .findOneAndUpdate({ tenantId, _id, status: 'FAILED' }, update, { session, returnDocument: 'after' })
    .lean()
  return message && { message, conversation: await showQueued(store, message, session) }
}

async function showQueued(
  store: Store,
  { tenantId, _id, conversationId, type, content }: MessageDoc,
  session: Session,
): Promise<ConversationDoc | null> {
  return await store.models.conversations
    .findOneAndUpdate(
      { tenantId, _id: conversationId, 'lastMessage.messageId': _id },
      { $set: { 'lastMessage.status': 'QUEUED', 'lastMessage.type': type, 'lastMessage.text': content.text } },
      { session, returnDocument: 'after' },
    )
    .lean()
}

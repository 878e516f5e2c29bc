import { dispatchOf, ready } from '../../domain/messages/dispatch.ts'
import type { Id, MessageDoc, TimelineEntry } from '../../model/documents.ts'
import { appended } from '../../model/timeline.ts'
import type { Store } from '../connect.ts'
import type { Session } from '../transaction.ts'

export interface Retry {
  at: Date
  expiresAt: Date
  /** Entries for the timeline. */
  notes: TimelineEntry[]
  by: Id
  /** The template to send instead of the message; {} sends the message unchanged. */
  content: Partial<Pick<MessageDoc, 'type' | 'content' | 'payload' | 'cost' | 'metaCost' | 'fallback'>>
}

/**
 * Makes a failed message READY again, in the same row, so that it keeps its history. The wamid of the failed attempt moves to
 * `previousIds`, where late statuses find it; the count of attempts continues. The recorder shows it in its conversation.
 * @returns null when it is no longer FAILED, its person was erased, or it was emptied
 */
export async function sendAgain(
  store: Store,
  before: MessageDoc,
  { at, expiresAt, notes, content, by }: Retry,
  session: Session,
): Promise<MessageDoc | null> {
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
      // The time that its sender gave has passed, or was meant for the first try.
      expiresAt: null,
      updatedBy: by,
      unprojectedSince: at,
      dispatch: dispatchOf('chat', { ...ready(at), deadlineAt: expiresAt }, attempt),
    },
    $push: { ...appended(...notes), ...(wamid && { previousIds: wamid }) },
  }
  return await store.models.messages
    .findOneAndUpdate({ tenantId, _id, status: 'FAILED', erasedAt: null, emptiedAt: null }, update, {
      session,
      returnDocument: 'after',
    })
    .lean()
}

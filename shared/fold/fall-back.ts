import { parseCallbackData } from '../domain/messages/callback-data.ts'
import { dispatchOf, waiting } from '../domain/messages/dispatch.ts'
import { fallbackCause, mayFallBack } from '../domain/messages/fallback.ts'
import type { StatusItem } from '../meta/webhook.ts'
import type { MessageDoc, MessageErrorDoc } from '../model/documents.ts'
import { fallbackNote, fallenBack } from '../model/fallback.ts'
import { waitEntries } from '../views/wait-entries.ts'
import type { FoldContext } from './context.ts'
import { updateLastMessage } from './conversation.ts'
import { emitStatus } from './realtime-events.ts'
import { change, note, type State, type Tracked, touch } from './state.ts'

/**
 * Replaces a free-form message by its template when Meta accepted it first and then reported the window as closed. The message
 * keeps our id; the failed wamid moves to `previousIds`, so that later reports about it do not change the present state.
 * @returns whether the template goes out
 */
export function fallBack(
  state: State,
  { now }: FoldContext,
  item: StatusItem,
  message: Tracked<MessageDoc>,
  error: MessageErrorDoc | null,
): boolean {
  const { doc } = message
  const { fallback } = doc
  const settled = parseCallbackData(item.report.biz_opaque_callback_data)?.attempt ?? null
  // A report may arrive before the answer to its call, which is not yet in the timeline then.
  const attempt = Math.max(doc.dispatch?.attempt ?? 0, settled ?? 0, ...doc.timeline.map(entry => entry.attempt ?? 0))
  const isUnderWay = doc.status === 'QUEUED' || doc.status === 'SENT'
  const because = error && fallbackCause(error, doc)
  if (!fallback || !because || !isUnderWay || !mayFallBack(fallback, settled)) return false
  for (const entry of waitEntries(doc.dispatch, now)) note(message, entry)
  note(message, fallbackNote(fallback, because, now))
  change(message, {
    ...fallenBack(doc, fallback, because, now),
    status: 'QUEUED',
    statusUpdatedAt: now,
    wamid: null,
    previousIds: [...(doc.previousIds ?? []), item.wamid],
    error: null,
    // Due at once: the sender's sweep finds and enqueues it within moments.
    dispatch: dispatchOf('chat', waiting('retry', now), attempt),
    updatedAt: now,
  })
  emitStatus(state, item.eventId, doc, now)
  const conversation = updateLastMessage(state, doc)
  if (conversation) touch(state, conversation, item.eventId)
  return true
}

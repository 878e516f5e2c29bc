import { MOST_DELAY_MS } from '../domain/inbox/automatic-answer.ts'
import type { MessageItem } from '../meta/webhook.ts'
import type { ClientDoc, ContactDoc, ConversationDoc } from '../model/documents.ts'
import { change, type Tracked } from './state.ts'

/** Whether a conversation begins with the next message of its customer. */
export const isBeginning = ({ lastInboundAt, status }: ConversationDoc): boolean => lastInboundAt === null || status === 'closed'

/**
 * Marks a conversation whose customer has just written to a number that answers by itself: a job of the sender answers. The mark
 * is part of the update that shows the message, and is that of the last message in any order of arrival. Echoes and imported messages never come here.
 */
export function markForAnswer(
  conversation: Tracked<ConversationDoc>,
  { automaticAnswers: answers }: ClientDoc,
  contact: ContactDoc,
  { at, receivedAt }: MessageItem,
  isBeginning: boolean,
): void {
  const isLate = receivedAt.getTime() - at.getTime() > MOST_DELAY_MS
  if (!(answers?.greeting || answers?.away) || contact.optOut || isLate) return
  const before = conversation.doc.automaticDue
  const begins = isBeginning || before?.isBeginning === true
  const isEarlier = before && (before.at > at || (before.at.getTime() === at.getTime() && before.arrivedAt > receivedAt))
  const last = isEarlier ? { at: before.at, arrivedAt: before.arrivedAt } : { at, arrivedAt: receivedAt }
  change(conversation, { automaticDue: { ...last, isBeginning: begins } })
}

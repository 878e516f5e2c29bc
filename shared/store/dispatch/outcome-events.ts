import { ENDED } from '../../domain/messages/dispatch.ts'
import type { ConversationDoc, EventDoc, MessageDoc } from '../../model/documents.ts'
import { conversationOutcome, eventIds, messageSent, messageStatus } from '../../views/events.ts'
import { asTemplate, type Settlement, type Step } from './outcome-writes.ts'

/** The event about the message; null for steps that only the timeline shows. A repeated write makes the same row. */
export function messageEvent({ message, step, at }: Settlement): EventDoc | null {
  if (step.kind !== 'sent' && step.kind !== 'failed' && step.kind !== 'fallback') return null
  const after = messageAfter(message, step, at)
  const id = eventIds.outcome(message._id, step.kind, at)
  return step.kind === 'sent' ? messageSent(id, after, at) : messageStatus(id, after, at)
}

function messageAfter(message: MessageDoc, step: Step & { kind: 'sent' | 'failed' | 'fallback' }, at: Date): MessageDoc {
  if (step.kind === 'fallback') return { ...message, ...asTemplate(message, step, at), dispatch: ENDED }
  const common = { ...message, statusUpdatedAt: at, updatedAt: at, dispatch: ENDED }
  return step.kind === 'sent'
    ? { ...common, status: 'SENT', wamid: step.wamid, error: null }
    : { ...common, status: 'FAILED', error: step.error }
}

/** `conversation:updated` for an outcome that `mayShow`; null when the conversation is deleted. A repeated write makes the same row. */
export function conversationEvent({ message, step, at }: Settlement, conversation: ConversationDoc): EventDoc | null {
  if (conversation.deletedAt) return null
  return conversationOutcome(eventIds.conversationOutcome(message._id, step.kind, at), conversation, at)
}

/** Whether the conversation shows an error while the message waits. What the other steps change in it, the recorder writes. */
export const mayShow = ({ step }: Settlement): boolean => step.kind === 'waiting' && step.shown !== undefined

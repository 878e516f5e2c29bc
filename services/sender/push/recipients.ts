import type { ConversationAssigned, MessageReceived, NoteAdded } from '#shared/contracts/event-payloads.ts'
import type { PushKind } from '#shared/contracts/push-text.ts'
import type { SequencedEvent } from '#shared/contracts/socket-events.ts'
import { isNotice } from '#shared/domain/messages/notices.ts'

/** Somebody who is to be told of a conversation. */
export interface Recipient {
  userId: string
  kind: PushKind
  conversationId: string
}

/** The conversations whose assignees decide who is told. */
export const conversationsToRead = (events: readonly SequencedEvent[]): string[] => [
  ...new Set(events.flatMap(({ name, conversationId }) => (TOLD.has(name) ? (conversationId ?? []) : []))),
]

const TOLD: ReadonlySet<SequencedEvent['name']> = new Set(['message:received', 'conversation:assigned', 'note:added'])

/**
 * Who is told of the events: the assignee of a customer's message, the new assignee of a conversation, colleagues whom a note names.
 * Each person once for a conversation, by what happened last.
 * @param assignees of the conversations now, by id; a conversation that is missing was deleted
 */
export function recipientsOf(events: readonly SequencedEvent[], assignees: ReadonlyMap<string, string | null>): Recipient[] {
  const told = events.flatMap(event => toldOf(event, assignees))
  const newest = new Map(told.map(recipient => [`${recipient.userId} ${recipient.conversationId}`, recipient]))
  return [...newest.values()].filter(({ conversationId }) => assignees.has(conversationId))
}

function toldOf({ name, payload }: SequencedEvent, assignees: ReadonlyMap<string, string | null>): Recipient[] {
  switch (name) {
    case 'message:received': {
      const { conversationId, message } = payload as unknown as MessageReceived
      const userId = assignees.get(conversationId) ?? null
      return userId === null || isNotice(message.type) ? [] : [{ userId, kind: 'message', conversationId }]
    }
    case 'conversation:assigned': {
      const { conversationId, assignedTo } = payload as unknown as ConversationAssigned
      // Given on meanwhile: the next one is told.
      const isStill = assignedTo !== null && assignees.get(conversationId) === assignedTo.id
      return isStill ? [{ userId: assignedTo.id, kind: 'assigned', conversationId }] : []
    }
    case 'note:added': {
      const { conversationId, note } = payload as unknown as NoteAdded
      const colleagues = note.mentions.filter(userId => userId !== note.createdBy)
      return colleagues.map(userId => ({ userId, kind: 'mentioned', conversationId }))
    }
    default:
      return []
  }
}

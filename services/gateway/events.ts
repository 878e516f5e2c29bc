import type { ConversationDoc, EventDoc, MessageDoc } from '#shared/model/documents.ts'
import { eventMessages } from '#shared/queue/event-message.ts'
import { conversationView, messageView } from '#shared/views/views.ts'
import type { GatewayDeps } from './deps.ts'

/** The new state of a conversation, as a row for the transaction that changes it. */
export function conversationUpdated(
  conversation: ConversationDoc,
  cause: string,
  now: Date,
  updates: Record<string, unknown> = {},
): EventDoc {
  return eventOf(conversation, 'conversation:updated', cause, now, {
    conversationId: String(conversation._id),
    updates: { unreadCount: conversation.unreadCount, lastMessageAt: conversation.lastActivityAt.toISOString(), ...updates },
    conversation: conversationView(conversation, now),
  })
}

export function eventOf(
  conversation: ConversationDoc,
  name: EventDoc['name'],
  cause: string,
  now: Date,
  payload: Record<string, unknown>,
): EventDoc {
  return {
    _id: `${cause}:${name}`,
    tenantId: conversation.tenantId,
    name,
    at: now,
    clientId: conversation.clientId,
    conversationId: conversation._id,
    userId: null,
    payload,
    createdAt: now,
  }
}

/** A message as it is now, where a person has changed its course. */
export function statusChanged(message: MessageDoc, cause: string, now: Date): EventDoc {
  const view = messageView(message)
  const { conversationId, id: messageId, externalMessageId, error } = view
  const status = message.status.toLowerCase()
  return {
    _id: `${cause}:message:status`,
    tenantId: message.tenantId,
    name: 'message:status',
    at: now,
    clientId: message.clientId,
    conversationId: message.conversationId,
    userId: null,
    payload: { conversationId, messageId, externalMessageId, status, error, message: view },
    createdAt: now,
  }
}

/** After the commit; what fails here is published by the sweep. */
export async function publishEvents(
  { queue, log }: Pick<GatewayDeps, 'queue' | 'log'>,
  events: EventDoc[],
  traceparent: string | null,
): Promise<void> {
  const results = await Promise.allSettled(eventMessages(events, traceparent).map(message => queue.publish(message)))
  const failed = results.find(result => result.status === 'rejected')
  if (failed) log.warn({ err: failed.reason }, 'events left to the sweep')
}

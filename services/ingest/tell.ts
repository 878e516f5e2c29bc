import { createHash } from 'node:crypto'
import type { EventName } from '#shared/contracts/realtime-event.ts'
import { conversationView, messageView } from '#shared/contracts/to-views.ts'
import type { ContactDoc, ConversationDoc, EventDoc, MessageDoc } from '#shared/store/documents.ts'
import type { Draft, RecordState } from '#shared/store/record-state.ts'

/** What the sockets will hear of a batch: facts one by one, each conversation's new state once. */
export interface Telling {
  now: Date
  /** The item that changed a conversation last: its id makes the event's, so that a repeated transaction makes the same row. */
  updated: Map<Draft<ConversationDoc>, string>
  last: string | null
}

export function tell(
  state: RecordState,
  { now }: Telling,
  cause: string,
  name: EventName,
  conversation: ConversationDoc,
  payload: Record<string, unknown>,
): void {
  state.events.push({
    _id: `e:${hash(`${cause}|${name}`)}`,
    tenantId: conversation.tenantId,
    name,
    at: now,
    clientId: conversation.clientId,
    conversationId: conversation._id,
    userId: null,
    payload,
    createdAt: now,
  } satisfies EventDoc)
}

export function tellReceived(
  state: RecordState,
  telling: Telling,
  cause: string,
  message: MessageDoc,
  conversation: ConversationDoc,
  contact: ContactDoc,
): void {
  tell(state, telling, cause, 'message:received', conversation, {
    conversationId: String(conversation._id),
    clientId: String(conversation.clientId),
    message: {
      ...messageView(message),
      from: contact.phone ?? contact.waId ?? contact.userId,
      text: message.content.text,
      timestamp: message.at.toISOString(),
    },
  })
}

/** Once per conversation, at the end of the batch, with what it then holds. */
export function tellConversations(state: RecordState, telling: Telling): void {
  for (const [draft, cause] of telling.updated) {
    const { doc } = draft
    tell(state, telling, cause, 'conversation:updated', doc, {
      conversationId: String(doc._id),
      updates: {
        unreadCount: doc.unreadCount,
        messageCount: doc.messageCount,
        lastMessageAt: doc.lastActivityAt.toISOString(),
        windowExpiresAt: doc.windowExpiresAt?.toISOString() ?? null,
      },
      conversation: conversationView(doc, telling.now),
    })
  }
}

const hash = (text: string) => createHash('sha256').update(text).digest('base64url').slice(0, 24)

import { create } from 'zustand'
import type { ConversationAssigned, MessageReceived, MessageStatusChanged, NoteAdded } from '#shared/contracts/event-payloads.ts'
import { isNotice } from '#shared/domain/messages/notices.ts'
import type { LiveEvent } from './realtime/event-buffer.ts'

export interface Notification {
  id: string
  kind: 'assigned' | 'mentioned' | 'failed'
  conversationId: string
  at: string
  isRead: boolean
}

const MOST = 50

export const useNotifications = create<{ items: Notification[] }>(() => ({ items: [] }))

/** What concerns the person personally; null: nothing. Never what they did themselves. */
export function notificationOf({ name, event }: LiveEvent, userId: string, own: ReadonlySet<string>): Notification | null {
  const common = { id: event.eventId, at: event.at, isRead: false }
  if (name === 'conversation:assigned') {
    const { conversationId, assignedTo } = event as unknown as ConversationAssigned
    return assignedTo?.id === userId && !own.has(conversationId) ? { ...common, kind: 'assigned', conversationId } : null
  }
  if (name === 'note:added') {
    const { conversationId, note } = event as unknown as NoteAdded
    const isNews = note.createdBy !== userId && note.mentions.includes(userId)
    return isNews ? { ...common, kind: 'mentioned', conversationId } : null
  }
  if (name === 'message:status') {
    const { conversationId, status, message } = event as unknown as MessageStatusChanged
    return status === 'failed' && message.sentBy?.kind === 'user' && message.sentBy.id === userId
      ? { ...common, kind: 'failed', conversationId }
      : null
  }
  return null
}

/** Text of a customer's message that should ring: in a conversation of the person, or of nobody. */
export function incomingOf({ name, event }: LiveEvent): MessageReceived | null {
  const received = name === 'message:received' ? (event as unknown as MessageReceived) : null
  return received && isNotice(received.message.type) ? null : received
}

export function addNotification(notification: Notification): void {
  useNotifications.setState(({ items }) =>
    items.some(({ id }) => id === notification.id) ? { items } : { items: [notification, ...items].slice(0, MOST) },
  )
}

export const readAll = (): void =>
  useNotifications.setState(({ items }) => ({ items: items.map(item => ({ ...item, isRead: true })) }))

/** Conversations that the person has just taken or assigned: their event is no news. */
const ownChanges = new Set<string>()
const OWN_MS = 15_000

export function markOwnChange(conversationId: string): void {
  ownChanges.add(conversationId)
  setTimeout(() => ownChanges.delete(conversationId), OWN_MS)
}
export const recentOwnChanges = (): ReadonlySet<string> => ownChanges

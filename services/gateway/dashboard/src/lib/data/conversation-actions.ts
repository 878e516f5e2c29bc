import { type QueryClient, useMutation, useQueryClient } from '@tanstack/react-query'
import type { ConversationView } from '#shared/contracts/views.ts'
import { request } from '../api/client.ts'
import { markOwnChange } from '../notifications.ts'
import { keys } from './keys.ts'
import { putConversation } from './patches.ts'

/** One change of a conversation as a whole. */
export type ConversationEdit =
  | { status: ConversationView['status'] }
  /** Null: nobody. */
  | { assignedTo: ConversationView['assignedTo'] }
  /** Null: awake. */
  | { snoozedUntil: string | null }
  | { labels: { add: readonly string[]; remove: readonly string[] } }
  /** Read up to the last message that is shown. */
  | { isRead: true }

export interface ConversationChange {
  conversation: ConversationView
  edit: ConversationEdit
}

/**
 * Changes a conversation: opens, closes, assigns, snoozes, labels, marks as read. It is shown at once, and shown as it was when the
 * server refuses.
 * @param onRefused hears why
 */
export function useChangeConversation(onRefused: (error: Error) => void) {
  const queryClient = useQueryClient()
  return useMutation({
    mutationFn: (change: ConversationChange) => changeConversation(queryClient, change),
    onError: onRefused,
  })
}

/** As `useChangeConversation`, for several in turn. @throws Problem */
export async function changeConversation(
  queries: QueryClient,
  { conversation, edit }: ConversationChange,
): Promise<ConversationView> {
  if ('assignedTo' in edit) markOwnChange(conversation.id)
  putConversation(queries, edited(conversation, edit))
  try {
    const [name, body] = requestOf(edit)
    const changed = await request<ConversationView>('PATCH', `/conversations/${conversation.id}/${name}`, { body })
    putConversation(queries, changed)
    void queries.invalidateQueries({ queryKey: keys.conversationCounts })
    return changed
  } catch (error) {
    putConversation(queries, conversation)
    void queries.invalidateQueries({ queryKey: keys.conversation(conversation.id) })
    throw error
  }
}

/** The conversation as it will be. */
export function edited(conversation: ConversationView, edit: ConversationEdit): ConversationView {
  if ('isRead' in edit) return { ...conversation, unreadCount: 0 }
  if ('labels' in edit) {
    const { add, remove } = edit.labels
    const kept = conversation.labels.filter(label => !remove.includes(label) && !add.includes(label))
    return { ...conversation, labels: [...kept, ...add] }
  }
  // A closed conversation does not sleep.
  return { ...conversation, ...edit, ...('status' in edit && edit.status === 'closed' && { snoozedUntil: null }) }
}

/** What takes an edit back. */
export function undone(before: ConversationView, edit: ConversationEdit): ConversationEdit | null {
  if ('status' in edit) return { status: before.status }
  if ('assignedTo' in edit) return { assignedTo: before.assignedTo }
  if ('snoozedUntil' in edit) return { snoozedUntil: before.snoozedUntil }
  if ('isRead' in edit) return null
  const { add, remove } = edit.labels
  return {
    labels: {
      add: remove.filter(label => before.labels.includes(label)),
      remove: add.filter(label => !before.labels.includes(label)),
    },
  }
}

function requestOf(edit: ConversationEdit): [name: string, body: object] {
  if ('status' in edit) return ['status', edit]
  if ('assignedTo' in edit) return ['assign', { assignedToId: edit.assignedTo?.id ?? null }]
  if ('snoozedUntil' in edit) return ['snooze', { until: edit.snoozedUntil }]
  if ('labels' in edit) return ['labels', edit.labels]
  return ['read', {}]
}

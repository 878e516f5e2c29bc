import { useMutation, useQueryClient } from '@tanstack/react-query'
import type { ConversationView } from '#shared/contracts/views.ts'
import { request } from '../api/client.ts'
import { markOwnChange } from '../notifications.ts'
import { keys } from './keys.ts'
import { putConversation } from './patches.ts'

export interface ConversationChange {
  conversation: ConversationView
  status?: ConversationView['status']
  /** Null: nobody. */
  assignedTo?: ConversationView['assignedTo']
}

/**
 * Opens, closes or assigns a conversation. It is shown at once, and shown as it was when the server refuses.
 * @param onRefused hears why
 */
export function useChangeConversation(onRefused: (error: Error) => void) {
  const queryClient = useQueryClient()
  return useMutation({
    mutationFn: ({ conversation: { id }, status, assignedTo }: ConversationChange) =>
      status !== undefined
        ? request<ConversationView>('PATCH', `/conversations/${id}/status`, { body: { status } })
        : request<ConversationView>('PATCH', `/conversations/${id}/assign`, { body: { assignedToId: assignedTo?.id ?? null } }),
    onMutate: ({ conversation, status, assignedTo }) => {
      const changed = {
        ...conversation,
        ...(status !== undefined && { status }),
        ...(assignedTo !== undefined && { assignedTo }),
      }
      if (assignedTo !== undefined) markOwnChange(conversation.id)
      putConversation(queryClient, changed)
    },
    onSuccess: conversation => {
      putConversation(queryClient, conversation)
      void queryClient.invalidateQueries({ queryKey: keys.conversationCounts })
    },
    onError: (error, { conversation }) => {
      putConversation(queryClient, conversation)
      void queryClient.invalidateQueries({ queryKey: keys.conversation(conversation.id) })
      onRefused(error)
    },
  })
}

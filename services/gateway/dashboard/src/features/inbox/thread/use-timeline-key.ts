import { useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { inOrder } from '../../../lib/data/message-list.ts'
import { messagesQuery } from '../../../lib/data/messages.ts'
import { useShortcuts } from '../../../lib/shortcuts/shortcuts.ts'
import type { InboxSearch } from '../search.ts'

/** D shows the timeline of the message that has the focus, else of our last one. */
export function useTimelineKey(conversationId: string): void {
  const queries = useQueryClient()
  const navigate = useNavigate({ from: '/inbox/{-$conversationId}' })
  useShortcuts({
    timeline() {
      const focused = document.activeElement?.closest<HTMLElement>('[data-message]')?.dataset.message
      const messages = inOrder(queries.getQueryData(messagesQuery(conversationId).queryKey))
      const message = focused ?? messages.findLast(({ direction }) => direction === 'OUTBOUND')?.id
      if (message === undefined) return false
      void navigate({ search: before => ({ ...before, message }) as InboxSearch })
    },
  })
}

import { useMutation } from '@tanstack/react-query'
import { useEffect, useRef, useSyncExternalStore } from 'react'
import type { ConversationView, MessageView } from '#shared/contracts/views.ts'
import { request } from '../../../lib/api/client.ts'

const subscribe = (listener: () => void) => {
  document.addEventListener('visibilitychange', listener)
  return () => document.removeEventListener('visibilitychange', listener)
}

/** Unread is cleared only while the page is in front and the end of the conversation is in sight, up to what was seen. */
export function useMarkRead(
  conversation: ConversationView | undefined,
  newest: MessageView | undefined,
  isAtEnd: React.RefObject<boolean>,
): void {
  const isVisible = useSyncExternalStore(subscribe, () => document.visibilityState === 'visible')
  const { mutate, isPending } = useMutation({
    mutationFn: ({ id, upTo }: { id: string; upTo: string }) => request('PATCH', `/conversations/${id}/read`, { body: { upTo } }),
    retry: 3,
    gcTime: 0,
  })
  const told = useRef('')
  const id = conversation?.id
  const isUnread = (conversation?.unreadCount ?? 0) > 0
  const upTo = newest?.id
  useEffect(() => {
    // One at a time: what comes meanwhile is told by the next.
    if (isPending || !isVisible || !isUnread || id === undefined || upTo === undefined) return
    if (!isAtEnd.current || told.current === upTo) return
    told.current = upTo
    mutate({ id, upTo })
  }, [isPending, isVisible, isUnread, id, upTo, isAtEnd, mutate])
}

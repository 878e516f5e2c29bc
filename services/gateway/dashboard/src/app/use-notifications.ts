import { useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useCallback, useEffect } from 'react'
import type { ConversationView } from '#shared/contracts/views.ts'
import { keys } from '../lib/data/keys.ts'
import { useText } from '../lib/i18n/text.tsx'
import { loadChunk } from '../lib/load-chunk.ts'
import { addNotification, incomingOf, notificationOf, recentOwnChanges } from '../lib/notifications.ts'
import { usePreferences } from '../lib/preferences.ts'
import { onLiveEvent } from '../lib/realtime/live.ts'
import { useSession } from '../lib/session/session-store.ts'
import { playTone } from './tone.ts'

/** Gathers what concerns the person, and rings for customers of theirs if they asked for that. */
export function useNotificationFeed(): void {
  const queryClient = useQueryClient()
  const navigate = useNavigate()
  const t = useText()
  const wantsNotifications = usePreferences(({ desktopNotifications }) => desktopNotifications)
  const onOpen = useCallback(
    (conversationId: string) => void navigate({ to: '/inbox/{-$conversationId}', params: { conversationId } }),
    [navigate],
  )
  useEffect(
    () =>
      onLiveEvent(live => {
        const userId = useSession.getState().user?.id ?? ''
        const notification = notificationOf(live, userId, recentOwnChanges())
        if (notification) addNotification(notification)
        const incoming = live.event.replay ? null : incomingOf(live)
        if (incoming === null) return
        const conversation = queryClient
          .getQueriesData<{ pages: { data: ConversationView[] }[] }>({ queryKey: keys.conversationLists })
          .flatMap(([, list]) => list?.pages.flatMap(page => page.data) ?? [])
          .find(({ id }) => id === incoming.conversationId)
        if (conversation?.assignedTo?.id !== userId) return
        if (usePreferences.getState().sound) playTone()
        if (!wantsNotifications || document.visibilityState === 'visible') return
        const told = { conversationId: conversation.id, kind: 'message', name: conversation.contact.name } as const
        void loadPush().then(({ showNotification }) => showNotification(told, t, onOpen))
      }),
    [queryClient, t, onOpen, wantsNotifications],
  )
  useEffect(() => {
    if (!wantsNotifications) return
    let isOver = false
    let end: (() => void) | null = null
    void loadPush().then(({ followPush }) => {
      if (!isOver) end = followPush(t, onOpen)
    })
    return () => {
      isOver = true
      end?.()
    }
  }, [wantsNotifications, t, onOpen])
}

const loadPush = () => loadChunk(() => import('../features/notifications/push.ts'))

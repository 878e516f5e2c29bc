import { useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useEffect } from 'react'
import type { ConversationView } from '#shared/contracts/views.ts'
import { keys } from '../lib/data/keys.ts'
import { useText } from '../lib/i18n/text.tsx'
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
        const { sound, desktopNotifications } = usePreferences.getState()
        if (sound) playTone()
        if (!desktopNotifications || document.visibilityState === 'visible') return
        // Without the words: they would stand on the screen of a locked telephone.
        const shown = new Notification(conversation.contact.name ?? t('app.notifications.somebody'), { tag: conversation.id })
        shown.onclick = () => {
          window.focus()
          void navigate({ to: '/inbox/{-$conversationId}', params: { conversationId: conversation.id } })
        }
      }),
    [queryClient, navigate, t],
  )
}

import type { QueryClient } from '@tanstack/react-query'
import type { ConversationView } from '#shared/contracts/views.ts'
import { keys } from '../../lib/data/keys.ts'
import type { Translate } from '../../lib/i18n/text.tsx'
import { addNotification, incomingOf, notificationOf, recentOwnChanges } from '../../lib/notifications.ts'
import { usePreferences } from '../../lib/preferences.ts'
import { onLiveEvent } from '../../lib/realtime/live.ts'
import { useSession } from '../../lib/session/session-store.ts'
import { followPush, type OnOpen, showNotification } from './push.ts'
import { playTone } from './tone.ts'

export interface Feed {
  queryClient: QueryClient
  t: Translate
  /** Opens a conversation of which somebody was told. */
  onOpen: OnOpen
  /** Whether the person wants notifications of the browser. */
  wantsNotifications: boolean
}

/** Gathers what concerns the person, and rings for customers of theirs if they asked for that. @returns ends it */
export function followNews({ queryClient, t, onOpen, wantsNotifications }: Feed): () => void {
  const endEvents = onLiveEvent(live => {
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
    void showNotification({ conversationId: conversation.id, kind: 'message', name: conversation.contact.name }, t, onOpen)
  })
  const endPush = wantsNotifications ? followPush(t, onOpen) : null
  return () => {
    endEvents()
    endPush?.()
  }
}

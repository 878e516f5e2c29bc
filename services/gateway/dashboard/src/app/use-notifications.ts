import { useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useEffect } from 'react'
import { useText } from '../lib/i18n/text.tsx'
import { loadChunk } from '../lib/load-chunk.ts'
import { usePreferences } from '../lib/preferences.ts'

/** Gathers what concerns the person, as soon as the chunk that does so is there. */
export function useNotificationFeed(): void {
  const queryClient = useQueryClient()
  const navigate = useNavigate()
  const t = useText()
  const wantsNotifications = usePreferences(({ desktopNotifications }) => desktopNotifications)
  useEffect(() => {
    const onOpen = (conversationId: string) => void navigate({ to: '/inbox/{-$conversationId}', params: { conversationId } })
    let isOver = false
    let end: (() => void) | null = null
    void loadChunk(() => import('../features/notifications/feed.ts')).then(({ followNews }) => {
      if (!isOver) end = followNews({ queryClient, t, onOpen, wantsNotifications })
    })
    return () => {
      isOver = true
      end?.()
    }
  }, [queryClient, navigate, t, wantsNotifications])
}

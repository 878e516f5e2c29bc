import { useEffect } from 'react'
import { liveClient } from '../../../lib/realtime/live.ts'
import { useLive, usePresence } from '../../../lib/realtime/live-store.ts'

/** Tells the colleagues that one looks at a conversation, and hears who does. */
export function useJoined(conversationId: string): void {
  const isLive = useLive(({ state }) => state === 'live')
  useEffect(() => {
    const socket = liveClient()?.socket
    if (!isLive || socket === undefined) return
    socket.emit('conversation:join', { conversationId }, ({ ok, viewers = [] }) => {
      if (ok) usePresence.setState(state => ({ viewers: { ...state.viewers, [conversationId]: viewers } }))
    })
    return () => {
      socket.emit('conversation:leave', { conversationId })
    }
  }, [conversationId, isLive])
}

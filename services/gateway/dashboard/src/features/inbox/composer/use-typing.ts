import { useEffect, useMemo } from 'react'
import { liveClient } from '../../../lib/realtime/live.ts'

/** A word about typing is good for six seconds: it is said again before. */
const AGAIN_MS = 4000

/** Tells the colleagues that one writes here, while one does. */
export function useTyping(conversationId: string): { heard(text: string): void; stop(): void } {
  const typing = useMemo(() => createTyping(conversationId), [conversationId])
  useEffect(() => typing.stop, [typing])
  return typing
}

function createTyping(conversationId: string) {
  let saidAt = 0
  const stop = () => {
    if (saidAt > 0) liveClient()?.socket.emit('typing:stop', { conversationId })
    saidAt = 0
  }
  return {
    stop,
    heard(text: string) {
      if (text.trim() === '') return stop()
      if (Date.now() - saidAt < AGAIN_MS) return
      saidAt = Date.now()
      liveClient()?.socket.emit('typing:start', { conversationId })
    },
  }
}

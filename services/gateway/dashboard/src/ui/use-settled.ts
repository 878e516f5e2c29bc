import { useEffect, useEffectEvent, useState } from 'react'

const PAUSE_MS = 250

/** A value that changes while somebody types, as it was after the last pause. Values are the same if their JSON is. */
export function useSettled<T>(value: T): T {
  const [settled, setSettled] = useState(value)
  const settle = useEffectEvent(() => setSettled(value))
  const content = JSON.stringify(value)
  // biome-ignore lint/correctness/useExhaustiveDependencies: the content is what begins another pause
  useEffect(() => {
    const timer = setTimeout(settle, PAUSE_MS)
    return () => clearTimeout(timer)
  }, [content])
  return settled
}

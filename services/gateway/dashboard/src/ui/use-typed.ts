import { useEffect, useEffectEvent, useState } from 'react'

const PAUSE_MS = 250

/**
 * What is typed into a search field, and goes into the address after a pause. What the address says otherwise replaces it.
 * @param q what the address says @param onSettled is given what was typed, without white space around it
 */
export function useTyped(q: string, onSettled: (typed: string) => void): [typed: string, setTyped: (typed: string) => void] {
  const [typed, setTyped] = useState(q)
  const settled = typed.trim()
  const settle = useEffectEvent(onSettled)
  useEffect(() => setTyped(now => (now.trim() === q ? now : q)), [q])
  useEffect(() => {
    if (settled === q) return
    const timer = setTimeout(() => settle(settled), PAUSE_MS)
    return () => clearTimeout(timer)
  }, [settled, q])
  return [typed, setTyped]
}

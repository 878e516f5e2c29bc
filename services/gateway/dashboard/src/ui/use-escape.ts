import { useEffect, useRef } from 'react'

/**
 * Esc anywhere on the page, for what lies above it without being a dialog: the focus may have been on a button that is gone. An open
 * dialog takes its own Esc.
 */
export function useEscape(onEscape: () => void): void {
  const latest = useRef(onEscape)
  latest.current = onEscape
  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      if (event.key === 'Escape' && !event.defaultPrevented && document.querySelector('dialog[open]') === null) latest.current()
    }
    window.addEventListener('keydown', listen)
    return () => window.removeEventListener('keydown', listen)
  }, [])
}

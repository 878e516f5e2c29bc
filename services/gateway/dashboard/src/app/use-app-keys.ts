import { useNavigate } from '@tanstack/react-router'
import { useEffect } from 'react'
import { create } from 'zustand'
import { NOTHING_OPEN } from '../lib/routes.ts'
import { listenToKeys, useShortcuts } from '../lib/shortcuts/shortcuts.ts'
import { NAV } from './nav.ts'

export type Overlay = 'palette' | 'shortcuts' | 'notifications'

/** What floats over any page. */
export const useOverlay = create<{ open: Overlay | null }>(() => ({ open: null }))
export const openOverlay = (open: Overlay | null): void => useOverlay.setState({ open })

/** Keys that mean the same on every page. */
export function useAppKeys(): void {
  const navigate = useNavigate()
  useEffect(listenToKeys, [])
  useShortcuts({
    palette: () => openOverlay(useOverlay.getState().open === 'palette' ? null : 'palette'),
    shortcuts: () => openOverlay('shortcuts'),
    ...Object.fromEntries(NAV.map(({ to, shortcut }) => [shortcut, () => void navigate({ to, params: NOTHING_OPEN })])),
    nextPane: () => movePane(1),
    previousPane: () => movePane(-1),
  })
}

/** Parts of a page that F6 goes through, in the order in which they stand. */
const PANES = 'nav[aria-label], [data-pane]'
const FIRST = '[tabindex="0"], a[href], button:not(:disabled), input, textarea, [tabindex="-1"][data-pane]'

function movePane(step: 1 | -1): boolean {
  const panes = [...document.querySelectorAll<HTMLElement>(PANES)].filter(pane => pane.offsetParent !== null)
  if (panes.length === 0) return false
  const at = panes.findIndex(pane => pane.contains(document.activeElement))
  const next = panes.at((at + step) % panes.length)
  const inside = [...(next?.querySelectorAll<HTMLElement>(FIRST) ?? [])].find(
    element => element.tabIndex >= 0 && element.offsetParent !== null,
  )
  ;(inside ?? next)?.focus()
  return true
}

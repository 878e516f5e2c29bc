import { Suspense, useEffect } from 'react'
import { whenIdle } from '../lib/idle.ts'
import { lazyPart } from '../lib/lazy-part.ts'
import { fetchChunk } from '../lib/load-chunk.ts'
import { openOverlay, useOverlay } from './use-app-keys.ts'

const Palette = lazyPart(() => import('./palette.tsx'))
const NotificationCentre = lazyPart(() => import('../features/notifications/notification-centre.tsx'), 'features/notifications')
const ShortcutsSheet = lazyPart(() => import('./shortcuts-sheet.tsx'))

/** What floats over any page, in chunks of their own that are fetched when the first paint is done. */
export function Overlays() {
  const open = useOverlay(state => state.open)
  const close = () => openOverlay(null)
  useFetchedLater()
  return (
    <Suspense fallback={null}>
      {open === 'palette' && <Palette onClose={close} />}
      {open === 'notifications' && <NotificationCentre onClose={close} />}
      {open === 'shortcuts' && <ShortcutsSheet onClose={close} />}
    </Suspense>
  )
}

/** So that the first use does not wait for the network. */
function useFetchedLater(): void {
  useEffect(
    () =>
      whenIdle(() => {
        fetchChunk(() => import('./palette.tsx'))
        fetchChunk(() => import('./person-menu.tsx'))
        fetchChunk(() => import('./session-ended.tsx'))
      }),
    [],
  )
}

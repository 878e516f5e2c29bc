import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Outlet, useNavigate } from '@tanstack/react-router'
import { Suspense, useEffect } from 'react'
import { loadDrafts } from '../lib/drafts.ts'
import { useText } from '../lib/i18n/text.tsx'
import { lazyPart } from '../lib/lazy-part.ts'
import { loadChunk } from '../lib/load-chunk.ts'
import { startLive } from '../lib/realtime/live.ts'
import { useSession } from '../lib/session/session-store.ts'
import { settingsQuery } from '../lib/settings.ts'
import { CrashBoundary } from '../ui/crash.tsx'
import { ActingBanner } from './acting.tsx'
import { Banners } from './banners.tsx'
import { Overlays } from './overlays.tsx'
import { Rail } from './rail.tsx'
import { useAppKeys } from './use-app-keys.ts'
import { useNotificationFeed } from './use-notifications.ts'

const OfflineStart = lazyPart(() => import('../features/offline/offline-start.tsx'), 'features/offline')
const SessionEnded = lazyPart(() => import('./session-ended.tsx'))

/** What is on every page: the rail, the banners, and what floats above. Panes scroll, the page does not. */
export function Shell() {
  const t = useText()
  const { status, user } = useSession()
  const navigate = useNavigate()
  const isOffline = status === 'unreachable'
  useLiveConnection(isOffline)
  useAppKeys()
  useNotificationFeed()
  useEffect(() => {
    if (status === 'signed-out') void navigate({ to: '/sign-in' })
  }, [status, navigate])
  if (user === null) return null
  return (
    <div className="group/app grid h-full grid-cols-[var(--rail)_minmax(0,1fr)] overflow-hidden max-two:grid-cols-1 max-two:grid-rows-[minmax(0,1fr)_auto]">
      <a
        href="#main"
        className="sr-only z-tooltip rounded-2 bg-brand px-3 py-2 text-on-brand focus:not-sr-only focus:absolute focus:start-2 focus:top-2"
      >
        {t('app.skip')}
      </a>
      <Rail />
      <div className="flex min-h-0 min-w-0 flex-col border-line bg-sheet two:border-s">
        <ActingBanner />
        {!isOffline && <Banners />}
        <main id="main" tabIndex={-1} className="@container/main min-h-0 flex-1 overflow-auto outline-none">
          <CrashBoundary>
            {isOffline ? (
              <Suspense fallback={null}>
                <OfflineStart />
              </Suspense>
            ) : (
              <Outlet />
            )}
          </CrashBoundary>
        </main>
      </div>
      <Overlays />
      <Suspense fallback={null}>{status === 'expired' && <SessionEnded />}</Suspense>
    </div>
  )
}

/** Connects once the address of the sockets is known. */
function useLiveConnection(isOffline: boolean): void {
  const { data: settings } = useQuery({ ...settingsQuery, enabled: !isOffline })
  const queryClient = useQueryClient()
  const userId = useSession(state => state.user?.id)
  useEffect(() => {
    if (settings === undefined || userId === undefined) return
    return startLive(queryClient, settings.socketUrl)
  }, [settings, queryClient, userId])
  useEffect(() => {
    if (userId === undefined) return
    loadDrafts()
    // A chunk of its own: what was left goes out a moment after the first paint.
    let stop: (() => void) | null = null
    let isHere = true
    void loadChunk(() => import('../lib/outbox/outbox.ts')).then(({ startOutbox }) => {
      if (isHere) stop = startOutbox(queryClient)
    })
    return () => {
      isHere = false
      stop?.()
    }
  }, [queryClient, userId])
}

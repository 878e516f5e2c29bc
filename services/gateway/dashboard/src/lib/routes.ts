import type { QueryClient } from '@tanstack/react-query'
import { createRootRouteWithContext, createRoute, lazyRouteComponent, redirect } from '@tanstack/react-router'
import type { ComponentType } from 'react'
import { loadChunk } from './load-chunk.ts'
import { useSession } from './session/session-store.ts'

export interface RouterContext {
  queryClient: QueryClient
}

/** The root; its component is set in `app/router.tsx`. */
export const rootRoute = createRootRouteWithContext<RouterContext>()()

/** Parent of every page that needs a signed-in person: the rail and what floats. Its component is set in `app/router.tsx`. */
export const shellRoute = createRoute({
  getParentRoute: () => rootRoute,
  id: 'shell',
  beforeLoad: ({ location }) => {
    const { status } = useSession.getState()
    if (status === 'signed-out') throw redirect({ to: '/sign-in', search: { next: location.href } as never })
  },
})

/** The component of a route, in a chunk of its own. */
export const lazyPage = (load: () => Promise<{ default: ComponentType }>) => lazyRouteComponent(() => loadChunk(load))

/** Parameters of the inbox without an open conversation: an empty object would keep the one that is open. */
export const NOTHING_OPEN = { conversationId: undefined }

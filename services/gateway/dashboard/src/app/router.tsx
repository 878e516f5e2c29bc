import type { QueryClient } from '@tanstack/react-query'
import { createRoute, createRouter, redirect } from '@tanstack/react-router'
import { rootRoute, shellRoute } from '../lib/routes.ts'
import { CrashPage } from '../ui/crash.tsx'
import { pages, publicPages } from './pages.ts'
import { Shell } from './shell.tsx'
import { NotFound } from './system-pages.tsx'

const start = createRoute({
  getParentRoute: () => rootRoute,
  path: '/',
  beforeLoad: () => {
    throw redirect({ to: '/inbox/{-$conversationId}', params: {} })
  },
})

shellRoute.update({ component: Shell })

const routeTree = rootRoute.addChildren([start, ...publicPages, shellRoute.addChildren(pages)])

export const createAppRouter = (queryClient: QueryClient) =>
  createRouter({
    routeTree,
    context: { queryClient },
    defaultPreload: 'intent',
    defaultNotFoundComponent: NotFound,
    defaultErrorComponent: CrashPage,
    // A page that loads quickly does not flicker.
    defaultPendingMs: 300,
    scrollRestoration: false,
  })

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof createAppRouter>
  }
}

import { createRoute, lazyRouteComponent, redirect } from '@tanstack/react-router'
import { loadTexts } from '../../lib/i18n/i18n.ts'
import { rootRoute } from '../../lib/routes.ts'
import { useSession } from '../../lib/session/session-store.ts'

export const signInRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/sign-in',
  // An address of our own only: a link must not lead anywhere else after signing in.
  validateSearch: ({ next }: Record<string, unknown>): { next?: string } =>
    typeof next === 'string' && /^\/(?![/\\])/.test(next) ? { next } : {},
  beforeLoad: ({ search }) => {
    if (useSession.getState().status === 'signed-in') throw redirect({ href: search.next ?? '/inbox' })
  },
  loader: () => loadTexts('features/sign-in'),
  component: lazyRouteComponent(() => import('./page.tsx')),
})

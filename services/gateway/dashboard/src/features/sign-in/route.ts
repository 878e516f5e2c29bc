import { createRoute, redirect } from '@tanstack/react-router'
import { loadTexts } from '../../lib/i18n/i18n.ts'
import { lazyPage, rootRoute } from '../../lib/routes.ts'
import { useSession } from '../../lib/session/session-store.ts'

export const signInRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/sign-in',
  // An address of our own only: a link must not lead anywhere else after signing in.
  validateSearch: ({ next, error }: Record<string, unknown>): { next?: string; error?: string } => ({
    ...(typeof next === 'string' && /^\/(?![/\\])/.test(next) && { next }),
    ...(typeof error === 'string' && /^[A-Z_]{1,40}$/.test(error) && { error }),
  }),
  beforeLoad: ({ search }) => {
    if (['signed-in', 'unreachable'].includes(useSession.getState().status)) throw redirect({ href: search.next ?? '/inbox' })
  },
  loader: () => loadTexts('features/sign-in'),
  component: lazyPage(() => import('./page.tsx')),
})

/** Where a sign-in at an identity provider ends that was refused, with `error`. */
export const loginRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/login',
  validateSearch: ({ error }: Record<string, unknown>): { error?: string } => (typeof error === 'string' ? { error } : {}),
  beforeLoad: ({ search }) => {
    throw redirect({ to: '/sign-in', search, replace: true })
  },
})

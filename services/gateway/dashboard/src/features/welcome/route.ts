import { createRoute } from '@tanstack/react-router'
import { loadTexts } from '../../lib/i18n/i18n.ts'
import { lazyPage, rootRoute } from '../../lib/routes.ts'

/** Where a one-time link leads: `/welcome#token=…`. */
export const welcomeRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/welcome',
  loader: () => loadTexts('features/welcome'),
  component: lazyPage(() => import('./page.tsx')),
})

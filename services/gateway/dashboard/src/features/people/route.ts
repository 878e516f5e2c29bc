import { createRoute } from '@tanstack/react-router'
import { loadTexts } from '../../lib/i18n/i18n.ts'
import { lazyPage, shellRoute } from '../../lib/routes.ts'

/** Users of the account, for its admins. */
export const peopleRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/people',
  loader: () => loadTexts('features/people'),
  component: lazyPage(() => import('./page.tsx')),
})

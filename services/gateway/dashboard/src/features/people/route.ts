import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { loadTexts } from '../../lib/i18n/i18n.ts'
import { loadChunk } from '../../lib/load-chunk.ts'
import { shellRoute } from '../../lib/routes.ts'

/** Users of the account, for its admins. */
export const peopleRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/people',
  loader: () => loadTexts('features/people'),
  component: lazyRouteComponent(() => loadChunk(() => import('./page.tsx'))),
})

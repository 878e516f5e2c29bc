import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { loadTexts } from '../../lib/i18n/i18n.ts'
import { loadChunk } from '../../lib/load-chunk.ts'
import { shellRoute } from '../../lib/routes.ts'
import { readOperationsSearch } from './search.ts'

/** How the installation and the account's messages are. The view, its filters and what is open are in the search. */
export const operationsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/operations',
  validateSearch: readOperationsSearch,
  loader: () => loadTexts('features/operations'),
  component: lazyRouteComponent(() => loadChunk(() => import('./page.tsx'))),
})

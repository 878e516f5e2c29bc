import { createRoute } from '@tanstack/react-router'
import { loadTexts } from '../../lib/i18n/i18n.ts'
import { lazyPage, shellRoute } from '../../lib/routes.ts'
import { readOperationsSearch } from './search.ts'

/** How the installation and the account's messages are. The view, its filters and what is open are in the search. */
export const operationsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/operations',
  validateSearch: readOperationsSearch,
  loader: () => loadTexts('features/operations'),
  component: lazyPage(() => import('./page.tsx')),
})

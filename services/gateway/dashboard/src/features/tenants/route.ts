import { createRoute } from '@tanstack/react-router'
import { loadTexts } from '../../lib/i18n/i18n.ts'
import { lazyPage, shellRoute } from '../../lib/routes.ts'
import { readTenantsSearch } from './search.ts'

/** The accounts of the platform, for those who run it. Filters and what is open are in the search. */
export const tenantsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/tenants',
  validateSearch: readTenantsSearch,
  loader: () => loadTexts('features/tenants'),
  component: lazyPage(() => import('./page.tsx')),
})

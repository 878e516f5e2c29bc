import { createRoute } from '@tanstack/react-router'
import { loadTexts } from '../../lib/i18n/i18n.ts'
import { lazyPage, shellRoute } from '../../lib/routes.ts'
import { readAnalyticsSearch } from './search.ts'

/** Are people answered fast, do messages arrive, what does it cost? The period and the filters are in the search. */
export const analyticsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/analytics',
  validateSearch: readAnalyticsSearch,
  loader: () => loadTexts('features/analytics'),
  component: lazyPage(() => import('./page.tsx')),
})

import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { loadTexts } from '../../lib/i18n/i18n.ts'
import { shellRoute } from '../../lib/routes.ts'
import { SECTIONS, type Section } from './sections.ts'

/** One's own account, and for admins what holds for the company. The section is in the search. */
export const settingsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/settings',
  validateSearch: ({ section }: Record<string, unknown>): { section?: Section } => {
    const known = SECTIONS.find(one => one === section)
    return known ? { section: known } : {}
  },
  loader: () => loadTexts('features/settings'),
  component: lazyRouteComponent(() => import('./page.tsx')),
})

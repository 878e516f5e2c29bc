import { createRoute } from '@tanstack/react-router'
import { loadTexts } from '../../lib/i18n/i18n.ts'
import { lazyPage, shellRoute } from '../../lib/routes.ts'
import { readSettingsSearch } from './sections.ts'

/** One's own account, and for admins what holds for the company. Section and what is open in it are in the search. */
export const settingsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/settings',
  validateSearch: readSettingsSearch,
  loader: () => Promise.all([loadTexts('features/settings'), loadTexts('ui/form')]),
  component: lazyPage(() => import('./page.tsx')),
})

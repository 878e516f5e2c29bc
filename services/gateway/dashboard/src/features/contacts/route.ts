import { createRoute } from '@tanstack/react-router'
import { loadTexts } from '../../lib/i18n/i18n.ts'
import { lazyPage, shellRoute } from '../../lib/routes.ts'
import { readContactsSearch } from './search.ts'

/** People who write to us or whom we write to. Filters and the open contact are in the search. */
export const contactsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/contacts',
  validateSearch: readContactsSearch,
  loader: () => loadTexts('features/contacts'),
  component: lazyPage(() => import('./page.tsx')),
})

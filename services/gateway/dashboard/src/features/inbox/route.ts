import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { loadTexts } from '../../lib/i18n/i18n.ts'
import { shellRoute } from '../../lib/routes.ts'
import { readInboxSearch } from './search.ts'

/** `/inbox` is the list, `/inbox/<conversation>` the list with an open conversation; filters are in the search. */
export const inboxRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/inbox/{-$conversationId}',
  validateSearch: readInboxSearch,
  loader: () => Promise.all([loadTexts('features/inbox'), loadTexts('features/inbox/message')]),
  component: lazyRouteComponent(() => import('./page.tsx')),
})

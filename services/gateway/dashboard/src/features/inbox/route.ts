import { createRoute } from '@tanstack/react-router'
import { loadTexts } from '../../lib/i18n/i18n.ts'
import { fetchChunk } from '../../lib/load-chunk.ts'
import { lazyPage, shellRoute } from '../../lib/routes.ts'
import { loadThread } from './load-thread.ts'
import { readInboxSearch } from './search.ts'

/** `/inbox` is the list, `/inbox/<conversation>` the list with an open conversation; filters are in the search. */
export const inboxRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/inbox/{-$conversationId}',
  validateSearch: readInboxSearch,
  loader: ({ params }) => {
    // On its way beside the page, which does not wait for it.
    if (params.conversationId !== undefined) fetchChunk(loadThread)
    return loadTexts('features/inbox')
  },
  component: lazyPage(() => import('./page.tsx')),
})

import { createRoute } from '@tanstack/react-router'
import { loadTexts } from '../../lib/i18n/i18n.ts'
import { lazyPage, shellRoute } from '../../lib/routes.ts'
import { readTemplatesSearch } from './search.ts'

/** Templates of the account: what Meta says of each, and how it looks on a phone. */
export const templatesRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/templates',
  validateSearch: readTemplatesSearch,
  loader: () => Promise.all([loadTexts('features/templates'), loadTexts('ui/templates')]),
  component: lazyPage(() => import('./page.tsx')),
})

/** A new template. The names of its parts are those of the list and of the preview. */
export const newTemplateRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/templates/new',
  loader: () => Promise.all([loadTexts('features/templates/editor'), loadTexts('features/templates'), loadTexts('ui/templates')]),
  component: lazyPage(() => import('./editor/page.tsx')),
})

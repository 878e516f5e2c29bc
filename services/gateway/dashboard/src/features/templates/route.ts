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

const loadEditor = () =>
  Promise.all(['features/templates/editor', 'features/templates', 'ui/templates', 'ui/form'].map(loadTexts))

/** A new template. The names of its parts are those of the list and of the preview. */
export const newTemplateRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/templates/new',
  loader: loadEditor,
  component: lazyPage(() => import('./editor/page.tsx')),
})

/** A template that is changed and submitted again. */
export const editTemplateRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/templates/$templateId/edit',
  loader: loadEditor,
  component: lazyPage(() => import('./editor/edit-page.tsx')),
})

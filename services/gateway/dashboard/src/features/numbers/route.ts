import { createRoute } from '@tanstack/react-router'
import { loadTexts } from '../../lib/i18n/i18n.ts'
import { lazyPage, shellRoute } from '../../lib/routes.ts'

/** Where Meta's dialog returns to: the connection that it was for, and how it ended. */
export interface NumbersSearch {
  connection?: string
}

/** Connected numbers and how they are connected. */
export const numbersRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/numbers',
  validateSearch: ({ connection }: Record<string, unknown>): NumbersSearch =>
    typeof connection === 'string' && /^[0-9a-f]{24}$/.test(connection) ? { connection } : {},
  loader: () => loadTexts('features/numbers'),
  component: lazyPage(() => import('./page.tsx')),
})

/** One number: its business profile. */
export const numberRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/numbers/$numberId',
  loader: () => Promise.all([loadTexts('features/numbers'), loadTexts('features/numbers/profile'), loadTexts('ui/form')]),
  component: lazyPage(() => import('./number-page.tsx')),
})

import { i18n } from '@lingui/core'
import { I18nProvider } from '@lingui/react'
import { type QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { type AnyRoute, createMemoryHistory, createRouter, RouterProvider } from '@tanstack/react-router'
import { render } from '@testing-library/react'
import { createQueryClient } from '../lib/api/query-client.ts'
import type { Role } from '../lib/api/types.ts'
import { rootRoute, shellRoute } from '../lib/routes.ts'
import { useSession } from '../lib/session/session-store.ts'

/** Opens an address of a page in the shell, whose own parts are left out, for Amina, who is signed in. */
export async function openPage(page: AnyRoute, address: string, { role, tenantId = 't' }: { role: Role; tenantId?: string }) {
  useSession.setState({ status: 'signed-in', token: 't', user: { id: 'u', email: 'a@b', name: 'Amina', role, tenantId } })
  const queryClient = createQueryClient()
  const router = createRouter({
    routeTree: rootRoute.addChildren([shellRoute.addChildren([page])]),
    context: { queryClient },
    history: createMemoryHistory({ initialEntries: [address] }),
  })
  await router.load()
  const { container } = renderRouter(router, queryClient)
  return { router, queryClient, container }
}

/** Renders what a router shows, with the texts and the cache that every page has. */
export const renderRouter = (router: object, queryClient: QueryClient) =>
  render(
    <I18nProvider i18n={i18n}>
      <QueryClientProvider client={queryClient}>
        <RouterProvider router={router as never} />
      </QueryClientProvider>
    </I18nProvider>,
  )

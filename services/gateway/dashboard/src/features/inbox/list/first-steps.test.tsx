import { i18n } from '@lingui/core'
import { I18nProvider } from '@lingui/react'
import { QueryClientProvider } from '@tanstack/react-query'
import { createMemoryHistory, createRouter, RouterProvider } from '@tanstack/react-router'
import { render, screen, waitFor, within } from '@testing-library/react'
import { expect, onTestFinished, test, vi } from 'vitest'
import { createQueryClient } from '../../../lib/api/query-client.ts'
import type { Role } from '../../../lib/api/types.ts'
import { applyEvents } from '../../../lib/data/patches.ts'
import { rootRoute, shellRoute } from '../../../lib/routes.ts'
import { useSession } from '../../../lib/session/session-store.ts'
import { inboxRoute } from '../route.ts'

const NUMBER = { id: 'n', companyName: 'Rabat', whatsappNumber: '+212600111222', status: 'active' }

interface Account {
  numbers: object[]
  templates: object[]
  /** Conversations of the account in any state; none of them is in the list. */
  conversations: number
}

async function open(account: Account, { role = 'tenant_admin', address = '/inbox' }: { role?: Role; address?: string } = {}) {
  const calls: string[] = []
  vi.stubGlobal('fetch', async (url: string) => {
    const { pathname, search } = new URL(url, 'http://linko')
    const path = pathname.replace('/api/v1', '')
    calls.push(`${path}${search}`)
    const page = (data: object[], total = data.length) =>
      Response.json({ data, total, totalIsExact: true, page: 1, limit: 50, hasMore: false, nextCursor: null })
    if (path === '/phone-numbers') return page(account.numbers)
    if (path === '/templates') return page(account.templates)
    if (path === '/conversations') return page([], search === '?limit=1' ? account.conversations : 0)
    return page([])
  })
  onTestFinished(() => void vi.unstubAllGlobals())
  useSession.setState({ status: 'signed-in', token: 't', user: { id: 'u', email: 'a@b', name: 'Amina', role, tenantId: 't' } })
  const queryClient = createQueryClient()
  const router = createRouter({
    routeTree: rootRoute.addChildren([shellRoute.addChildren([inboxRoute])]),
    context: { queryClient },
    history: createMemoryHistory({ initialEntries: [address] }),
  })
  await router.load()
  render(
    <I18nProvider i18n={i18n}>
      <QueryClientProvider client={queryClient}>
        <RouterProvider router={router as never} />
      </QueryClientProvider>
    </I18nProvider>,
  )
  return { calls, queryClient }
}

const EMPTY: Account = { numbers: [], templates: [], conversations: 0 }
const current = async () => {
  const steps = await screen.findByRole('region', { name: 'To the first message' })
  const all = within(steps).getAllByRole('listitem')
  expect(all).toHaveLength(4)
  expect(all.filter(step => step.getAttribute('aria-current') === 'step')).toHaveLength(1)
  return all.find(step => step.getAttribute('aria-current') === 'step') as HTMLElement
}

test('a new account is led to its number first', async () => {
  const { calls } = await open(EMPTY)
  const step = await current()
  expect(step.textContent).toContain('Connect a number')
  expect(within(step).getByRole('link', { name: 'To the numbers' }).getAttribute('href')).toBe('/numbers')
  // Without a number there is no template to ask for.
  expect(calls.filter(call => call.startsWith('/templates'))).toEqual([])
})

test('who may not connect a number is told who does', async () => {
  await open(EMPTY, { role: 'agent' })
  const step = await current()
  expect(step.textContent).toContain('An administrator of your account connects it.')
  expect(within(step).queryByRole('link')).toBeNull()
})

test('then to a template; an event of one leads on to the first message', async () => {
  const account = { ...EMPTY, numbers: [NUMBER] }
  const { queryClient } = await open(account)
  await waitFor(async () => expect((await current()).textContent).toContain('Have a template'))
  expect(
    within(await current())
      .getByRole('link', { name: 'To the templates' })
      .getAttribute('href'),
  ).toBe('/templates')
  account.templates = [{ id: 't' }]
  applyEvents(queryClient, [{ name: 'template:status', event: {} } as never])
  await waitFor(async () => expect((await current()).textContent).toContain('The first message'))
  const step = await current()
  expect(step.textContent).toContain('Write to +212600111222 from your own telephone')
  expect(within(step).getByRole('link', { name: 'Open WhatsApp' }).getAttribute('href')).toBe('https://wa.me/212600111222')
})

test('an account with conversations has nothing to be led to, only nothing to answer', async () => {
  await open({ numbers: [NUMBER], templates: [], conversations: 3 })
  await screen.findByText('All answered')
  expect(screen.queryByText('To the first message')).toBeNull()
})

test('a filter that finds nothing says so, and no more', async () => {
  await open({ ...EMPTY, numbers: [NUMBER] }, { address: '/inbox?unread=true' })
  await screen.findByText('Nothing matches')
  expect(screen.queryByText('To the first message')).toBeNull()
})

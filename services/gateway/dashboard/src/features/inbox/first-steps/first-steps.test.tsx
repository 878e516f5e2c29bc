import { screen, waitFor, within } from '@testing-library/react'
import { expect, onTestFinished, test, vi } from 'vitest'
import type { Role } from '../../../lib/api/types.ts'
import { applyEvents } from '../../../lib/data/patches.ts'
import { openPage } from '../../../test/open-page.tsx'
import { inboxRoute } from '../route.ts'

const NUMBER = { id: 'n', companyName: 'Rabat', whatsappNumber: '+212600111222', status: 'active' }

interface Account {
  numbers: object[]
  templates: { status: string }[]
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
    if (path === '/templates') {
      const asked = new URLSearchParams(search).get('status')
      return page(account.templates.filter(({ status }) => status === asked))
    }
    if (path === '/conversations') return page([], search === '?limit=1' ? account.conversations : 0)
    return page([])
  })
  onTestFinished(() => void vi.unstubAllGlobals())
  const { queryClient } = await openPage(inboxRoute, address, { role })
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

test('then to writing a template; events lead on while Meta reviews it, and to the first message', async () => {
  const account = { ...EMPTY, numbers: [NUMBER] }
  const { queryClient } = await open(account)
  await waitFor(async () => expect((await current()).textContent).toContain('Have a template'))
  expect(
    within(await current())
      .getByRole('link', { name: 'Write a template' })
      .getAttribute('href'),
  ).toBe('/templates/new')
  account.templates = [{ status: 'PENDING' }]
  applyEvents(queryClient, [{ name: 'template:status', event: {} } as never])
  await waitFor(async () => expect((await current()).textContent).toContain('Meta reviews your template'))
  account.templates = [{ status: 'APPROVED' }]
  applyEvents(queryClient, [{ name: 'template:status', event: {} } as never])
  await waitFor(async () => expect((await current()).textContent).toContain('The first message'))
  const step = await current()
  expect(step.textContent).toContain('Write to +212600111222 from your own telephone')
  expect(within(step).getByRole('link', { name: 'Open WhatsApp' }).getAttribute('href')).toBe('https://wa.me/212600111222')
})

test('who may not write a template is told who does', async () => {
  await open({ ...EMPTY, numbers: [NUMBER] }, { role: 'agent' })
  await waitFor(async () => expect((await current()).textContent).toContain('A manager of your account adds them.'))
  expect(within(await current()).queryByRole('link')).toBeNull()
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

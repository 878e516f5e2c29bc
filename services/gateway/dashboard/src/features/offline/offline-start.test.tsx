import { i18n } from '@lingui/core'
import { I18nProvider } from '@lingui/react'
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { cleanup, fireEvent, render, screen } from '@testing-library/react'
import { beforeEach, expect, onTestFinished, test, vi } from 'vitest'
import { loadDrafts } from '../../lib/drafts.ts'
import { loadTexts } from '../../lib/i18n/i18n.ts'
import { type OutboxEntry, useOutbox } from '../../lib/outbox/outbox.ts'
import { keepEntry, keptEntries } from '../../lib/outbox/outbox-storage.ts'
import { useLive } from '../../lib/realtime/live-store.ts'
import { restoreSession } from '../../lib/session/session.ts'
import { useSession } from '../../lib/session/session-store.ts'
import OfflineStart from './offline-start.tsx'

const user = { id: 'u', email: 'a@b', name: 'Amina', role: 'agent' as const, tenantId: 't' }
const entry: OutboxEntry = {
  ...{ key: 'k1', conversationId: 'c1', path: '/messages/send', body: {}, preview: { type: 'text', text: 'On my way' } },
  ...{ createdAt: '2026-11-30T08:00:00.000Z', state: 'waiting', problem: null },
}

let isReached = false
beforeEach(async () => {
  isReached = false
  vi.stubGlobal('fetch', async () => {
    if (!isReached) throw new TypeError('Failed to fetch')
    return Response.json({ accessToken: 'token', expiresIn: 900, user })
  })
  onTestFinished(() => void vi.unstubAllGlobals())
  localStorage.setItem('linko.session', '1')
  localStorage.setItem('linko.own.person', JSON.stringify(user))
  localStorage.setItem('linko.own.drafts.u', JSON.stringify({ c2: 'Begun and not sent' }))
  await Promise.all(['features/offline', 'app'].map(loadTexts))
  await restoreSession()
  keepEntry(entry)
  loadDrafts()
  useOutbox.setState({ entries: keptEntries() })
})

const open = () =>
  render(
    <QueryClientProvider client={new QueryClient()}>
      <I18nProvider i18n={i18n}>
        <OfflineStart />
      </I18nProvider>
    </QueryClientProvider>,
  )

test('what waits and what was begun is shown, and what waits can be taken back', async () => {
  open()
  expect(useLive.getState().state).toBe('offline')
  await screen.findByText('Begun and not sent')
  await screen.findByText('On my way')
  fireEvent.click(screen.getByRole('button', { name: 'Cancel' }))
  expect(screen.queryByText('On my way')).toBeNull()
  expect(keptEntries()).toEqual([])
})

test('where the server answers and its database does not, that is said', async () => {
  open()
  screen.getByRole('heading', { name: 'No connection' })
  cleanup()
  vi.stubGlobal('fetch', async (url: string) =>
    url.endsWith('/dashboard/state')
      ? Response.json({ queue: 'ready', database: 'away' })
      : Response.json({ errorCode: 'UNAVAILABLE', detail: 'x' }, { status: 503 }),
  )
  open()
  await screen.findByRole('heading', { name: 'Linko does not answer' })
  screen.getByText(/The database of Linko does not answer/)
})

test('when the browser says that the network is back, the server is asked at once', async () => {
  open()
  expect(useSession.getState().status).toBe('unreachable')
  isReached = true
  window.dispatchEvent(new Event('online'))
  await vi.waitFor(() => expect(useSession.getState().status).toBe('signed-in'))
})

test('without a word of the browser it is asked again by itself', async () => {
  open()
  isReached = true
  await vi.waitFor(() => expect(useSession.getState().status).toBe('signed-in'), { timeout: 20_000 })
})

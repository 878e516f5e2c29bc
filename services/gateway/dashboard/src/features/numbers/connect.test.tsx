import { createMemoryHistory, createRootRoute, createRoute, createRouter } from '@tanstack/react-router'
import { act, fireEvent, screen } from '@testing-library/react'
import { beforeAll, expect, onTestFinished, test, vi } from 'vitest'
import { createQueryClient } from '../../lib/api/query-client.ts'
import { loadTexts } from '../../lib/i18n/i18n.ts'
import { useSession } from '../../lib/session/session-store.ts'
import { renderRouter } from '../../test/open-page.tsx'
import { Connect } from './connect.tsx'

const ID = '655f00000000000000000001'
const DIALOG = 'https://www.facebook.com'
const ADDRESS = `${DIALOG}/v25.0/dialog/oauth?state=${ID}.abc.def`

beforeAll(() => loadTexts('features/numbers'))

/** The button, in a browser that lets a window open or not. */
async function show(popup: { closed: boolean; location: { replace(address: string): void }; close(): void } | null) {
  vi.stubGlobal('fetch', async () => Response.json({ oauthUrl: ADDRESS }))
  vi.stubGlobal(
    'open',
    vi.fn(() => popup),
  )
  onTestFinished(() => void vi.unstubAllGlobals())
  useSession.setState({
    status: 'signed-in',
    token: 't',
    user: { id: 'u', email: 'a@b', name: 'Amina', role: 'tenant_admin', tenantId: 't' },
  })
  const root = createRootRoute()
  const numbers = createRoute({ getParentRoute: () => root, path: '/numbers', component: Connect })
  const router = createRouter({
    routeTree: root.addChildren([numbers]),
    history: createMemoryHistory({ initialEntries: ['/numbers'] }),
  })
  renderRouter(router, createQueryClient())
  fireEvent.click(await screen.findByRole('button', { name: 'Connect a number' }))
  return router
}

const newPopup = () => ({ closed: false, location: { replace: vi.fn() }, close: vi.fn() })
const hear = (origin: string, data: unknown) =>
  act(async () => void window.dispatchEvent(new MessageEvent('message', { origin, data })))
const said = (event: string, data: object) => JSON.stringify({ type: 'WA_EMBEDDED_SIGNUP', event, data })

test('[ON-26] the dialog opens in a window of its own, and its end leads to the steps of the connection', async () => {
  const popup = newPopup()
  const router = await show(popup)
  await screen.findByText(/open in a window of its own/)
  expect(popup.location.replace.mock.calls).toEqual([[ADDRESS]])
  await hear('https://evil.example', { kind: 'sign-up-returned', connection: ID })
  await hear(window.location.origin, { kind: 'sign-up-returned', connection: '655f00000000000000000009' })
  expect(router.state.location.search).toEqual({})
  await hear(window.location.origin, { kind: 'sign-up-returned', connection: ID })
  await vi.waitFor(() => expect(router.state.location.search).toEqual({ connection: ID }))
  expect(screen.queryByRole('status')).toBeNull()
})

test('[ON-10] [ON-26] the page says where the dialog was left, and with what it failed', async () => {
  await show(newPopup())
  await screen.findByText(/open in a window of its own/)
  await hear(DIALOG, said('CANCEL', { current_step: 'PHONE_NUMBER_VERIFICATION' }))
  expect(screen.getByRole('status').textContent).toContain('PHONE_NUMBER_VERIFICATION')
  await hear(DIALOG, said('CANCEL', { error_message: '<b>No</b>', error_code: 524126 }))
  expect(screen.getByRole('status').textContent).toContain('(524126): <b>No</b>')
})

test('[ON-26] a window that is closed before the end is noticed', async () => {
  const popup = newPopup()
  await show(popup)
  await screen.findByText(/open in a window of its own/)
  popup.closed = true
  await screen.findByText(/was closed/)
})

import { i18n } from '@lingui/core'
import { I18nProvider } from '@lingui/react'
import { QueryClientProvider } from '@tanstack/react-query'
import { fireEvent, render, screen } from '@testing-library/react'
import { beforeAll, expect, onTestFinished, test, vi } from 'vitest'
import { createQueryClient } from '../../lib/api/query-client.ts'
import type { Role } from '../../lib/api/types.ts'
import { loadTexts } from '../../lib/i18n/i18n.ts'
import { useSession } from '../../lib/session/session-store.ts'
import PeoplePage from './page.tsx'

const PERSON = { hasSecondFactor: false, lastSeenAt: null, lastLockedAt: null }
const OWN = { ...PERSON, id: 'own', name: 'Amina', email: 'amina@example.com', role: 'tenant_admin', status: 'active' }
const OTHER = { ...PERSON, id: 'other', name: 'Youssef', email: 'y@example.com', role: 'agent', status: 'disabled' }

beforeAll(() => loadTexts('features/people'))

/** Opens the page as an admin; `answer` is what every request but the list gets. */
function open(answer: [status: number, body: object] = [200, {}], role: Role = 'tenant_admin') {
  const calls: unknown[] = []
  vi.stubGlobal('fetch', async (url: string, { method, body }: RequestInit) => {
    if (method === 'GET') {
      // The server takes no larger page.
      expect(Number(new URL(url, 'http://linko').searchParams.get('limit'))).toBeLessThanOrEqual(100)
      return Response.json({ data: [OWN, OTHER], nextCursor: null })
    }
    calls.push([method, url, body === undefined ? null : JSON.parse(String(body))])
    return Response.json(answer[1], { status: answer[0] })
  })
  onTestFinished(() => void vi.unstubAllGlobals())
  useSession.setState({
    status: 'signed-in',
    token: 't',
    user: { id: 'own', email: OWN.email, name: OWN.name, role, tenantId: 't' },
  })
  render(
    <I18nProvider i18n={i18n}>
      <QueryClientProvider client={createQueryClient()}>
        <PeoplePage />
      </QueryClientProvider>
    </I18nProvider>,
  )
  return calls
}

test('somebody is invited, and the link is shown once', async () => {
  const link = { url: 'https://linko.example/welcome#token=abc', purpose: 'invitation', expiresAt: '2026-11-30T10:00:00.000Z' }
  const calls = open([201, { ...OTHER, link }])
  fireEvent.click(await screen.findByRole('button', { name: 'Invite somebody' }))
  fireEvent.change(screen.getByLabelText('Name'), { target: { value: ' Leila ' } })
  fireEvent.change(screen.getByLabelText('Work e-mail'), { target: { value: 'leila@example.com' } })
  fireEvent.change(screen.getByLabelText('Role'), { target: { value: 'manager' } })
  fireEvent.click(screen.getByRole('button', { name: 'Make the invitation' }))
  await screen.findByText(link.url)
  expect(calls).toEqual([['POST', '/api/v1/users', { name: 'Leila', email: 'leila@example.com', role: 'manager' }]])
})

test('an address that is taken is said at its field, and nothing is lost', async () => {
  open([409, { errorCode: 'EMAIL_TAKEN', detail: 'taken' }])
  fireEvent.click(await screen.findByRole('button', { name: 'Invite somebody' }))
  fireEvent.change(screen.getByLabelText('Name'), { target: { value: 'Youssef' } })
  fireEvent.change(screen.getByLabelText('Work e-mail'), { target: { value: 'y@example.com' } })
  fireEvent.click(screen.getByRole('button', { name: 'Make the invitation' }))
  await screen.findByText(/has this address already/)
  expect(screen.getByLabelText<HTMLInputElement>('Work e-mail').value).toBe('y@example.com')
})

test('nobody changes their own role or disables themselves, or gives a role above their own', async () => {
  const calls = open()
  const own = await screen.findByLabelText<HTMLSelectElement>('Role of Amina')
  expect(own.disabled).toBe(true)
  const [ownOff, otherOn] = [screen.getByRole('button', { name: 'Disable' }), screen.getByRole('button', { name: 'Enable' })]
  expect((ownOff as HTMLButtonElement).disabled).toBe(true)
  const other = screen.getByLabelText<HTMLSelectElement>('Role of Youssef')
  expect([...other.options].map(({ value }) => value)).toEqual(['agent', 'manager', 'tenant_admin'])
  fireEvent.click(otherOn)
  await vi.waitFor(() => expect(calls).toEqual([['PATCH', '/api/v1/users/other', { status: 'active' }]]))
})

test('who may not see people is told so', () => {
  open([200, {}], 'agent')
  expect(screen.queryByRole('button')).toBeNull()
  expect(screen.queryByText('Youssef')).toBeNull()
})

import { fireEvent, screen, waitFor, within } from '@testing-library/react'
import { beforeEach, expect, onTestFinished, test, vi } from 'vitest'
import type { Role } from '../../lib/api/types.ts'
import { actingNow, forgetActing } from '../../lib/session/acting.ts'
import { openPage } from '../../test/open-page.tsx'
import type { Tenant } from './data.ts'
import { tenantsRoute } from './route.ts'

const id = (n: number) => String(n).padStart(24, '0')
const tenant = (n: number, name: string, more: Partial<Tenant> = {}): Tenant => ({
  ...{ id: id(n), name, status: 'active', timezone: 'Africa/Casablanca', currency: 'MAD' },
  ...{ createdAt: '2026-01-02T10:00:00.000Z', ...more },
})
const OWN = tenant(1, 'Platform')
const ATLAS = tenant(2, 'Atlas')
const BETA = tenant(3, 'Beta', { status: 'suspended' })
const GONE = tenant(4, 'Gone', { status: 'deactivated' })
const NUMBER = {
  ...{ id: 'n', whatsappNumber: '+212661000001', phoneNumberId: 'p', status: 'paused', reason: 'Paused by Amina' },
  token: { isValid: false, problem: 'The token has expired.', expiresAt: null },
  subscription: { isSubscribed: true, problem: null },
}
const STATUS = { isHealthy: false, numbers: [NUMBER], backlog: { chat: { waiting: 2 }, campaign: { waiting: 5 } } }

type Answer = (method: string, path: string) => [status: number, body: object] | null

async function open(address = '/tenants', own: Answer = () => null, role: Role = 'platform_admin') {
  const calls: string[] = []
  const bodies: unknown[] = []
  vi.stubGlobal('fetch', async (url: string, { method = 'GET', body }: RequestInit) => {
    const { pathname, search, searchParams } = new URL(url, 'http://linko')
    const path = pathname.replace('/api/v1', '')
    calls.push(`${method} ${path}${search}`)
    if (body) bodies.push(JSON.parse(String(body)))
    // The server takes no larger page.
    expect(Number(searchParams.get('limit') ?? 1)).toBeLessThanOrEqual(100)
    const answer = own(method, path)
    if (answer) return Response.json(answer[1], { status: answer[0] })
    if (path === '/analytics/cost') return Response.json({ data: [{ key: ATLAS.id, messages: 1234 }] })
    if (path.endsWith('/status')) return Response.json({ ...STATUS, checkedAt: '2026-11-29T10:00:00.000Z' })
    const data = [OWN, ATLAS, BETA, GONE].filter(({ name }) => name.toLowerCase().includes(searchParams.get('q') ?? ''))
    return Response.json(path === '/tenants' && method === 'GET' ? { data, nextCursor: null } : ATLAS)
  })
  onTestFinished(() => void vi.unstubAllGlobals())
  const { router } = await openPage(tenantsRoute, address, { role, tenantId: OWN.id })
  return { calls, bodies, router }
}

const row = async (name: string) => (await screen.findByRole('link', { name })).closest('li') as HTMLElement

beforeEach(forgetActing)

test('each tenant has its state, its volume, and what may be done in that state', async () => {
  await open()
  const buttons = async (name: string) =>
    within(await row(name))
      .queryAllByRole('button')
      .map(button => button.textContent)
  expect(await buttons('Platform')).toEqual([])
  expect(await buttons('Atlas')).toEqual(['Suspend', 'Deactivate', 'Act in it'])
  expect(await buttons('Beta')).toEqual(['Resume', 'Deactivate', 'Act in it'])
  expect(await buttons('Gone')).toEqual(['Reactivate', 'Act in it'])
  within(await row('Beta')).getByText('suspended')
  await waitFor(async () => expect((await row('Atlas')).textContent).toContain('1,234 messages sent in 30 days'))
  expect((await row('Platform')).textContent).toContain('your own')
})

test.for([
  ['Atlas', 'Suspend', `PATCH /tenants/${ATLAS.id}`, [{ status: 'suspended' }]],
  ['Atlas', 'Deactivate', `DELETE /tenants/${ATLAS.id}`, []],
  ['Beta', 'Resume', `PATCH /tenants/${BETA.id}`, [{ status: 'active' }]],
  ['Gone', 'Reactivate', `POST /tenants/${GONE.id}/reactivate`, []],
] as const)('%s: %s asks first, and then calls %s', async ([name, verb, call, sent]) => {
  const { calls, bodies } = await open()
  fireEvent.click(within(await row(name)).getByRole('button', { name: `${verb} ${name}` }))
  const dialog = await screen.findByRole('dialog')
  expect(within(dialog).getByRole('heading').textContent).toBe(`${verb} ${name}?`)
  expect(calls.filter(one => !one.startsWith('GET'))).toEqual([])
  fireEvent.click(within(dialog).getByRole('button', { name: verb }))
  await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull())
  expect(calls).toContain(call)
  expect(bodies).toEqual(sent)
  expect(calls.filter(one => one === 'GET /tenants?limit=100').length).toBeGreaterThan(1)
})

test('a refusal stays in the dialog', async () => {
  await open('/tenants', method => (method === 'PATCH' ? [409, { errorCode: 'X', detail: 'It is deactivated.' }] : null))
  fireEvent.click(within(await row('Atlas')).getByRole('button', { name: 'Suspend Atlas' }))
  fireEvent.click(within(await screen.findByRole('dialog')).getByRole('button', { name: 'Suspend' }))
  await within(screen.getByRole('dialog')).findByText('It is deactivated.')
})

test('a tenant is created with its first admin, whose link is shown once', async () => {
  const link = { url: 'https://linko.example/welcome#token=abc', purpose: 'invitation', expiresAt: '2026-12-30T10:00:00.000Z' }
  const { bodies } = await open('/tenants', (method, path) =>
    method === 'POST' && path === '/tenants' ? [201, { ...ATLAS, link }] : null,
  )
  fireEvent.click(await screen.findByRole('button', { name: 'New tenant' }))
  fireEvent.change(screen.getByLabelText('Name of the company'), { target: { value: ' Rif Foods ' } })
  fireEvent.change(screen.getByLabelText('Name of its first admin'), { target: { value: 'Leila' } })
  fireEvent.change(screen.getByLabelText('Work e-mail of the admin'), { target: { value: 'leila@example.com' } })
  fireEvent.change(screen.getByLabelText('Time zone'), { target: { value: 'Africa/Casablanca' } })
  fireEvent.click(screen.getByRole('button', { name: 'Create the tenant' }))
  await screen.findByText(link.url)
  expect(bodies).toEqual([
    { name: 'Rif Foods', adminName: 'Leila', adminEmail: 'leila@example.com', timezone: 'Africa/Casablanca' },
  ])
})

test('an address that is taken is said at its field', async () => {
  await open('/tenants', method => (method === 'POST' ? [409, { errorCode: 'EMAIL_TAKEN', detail: 'taken' }] : null))
  fireEvent.click(await screen.findByRole('button', { name: 'New tenant' }))
  for (const label of ['Name of the company', 'Name of its first admin'])
    fireEvent.change(screen.getByLabelText(label), { target: { value: 'Leila' } })
  fireEvent.change(screen.getByLabelText('Work e-mail of the admin'), { target: { value: 'leila@example.com' } })
  fireEvent.click(screen.getByRole('button', { name: 'Create the tenant' }))
  await screen.findByText(/has this address already/)
  expect(screen.getByLabelText('Work e-mail of the admin').getAttribute('aria-invalid')).toBe('true')
})

test('the numbers of the open tenant are checked, and say what is wrong', async () => {
  const { calls } = await open(`/tenants?open=${ATLAS.id}`)
  const atlas = await row('Atlas')
  await within(atlas).findByText('+212661000001')
  within(atlas).getByText('The token has expired.')
  within(atlas).getByText('Paused by Amina')
  within(atlas).getByText('Something holds it up')
  expect(atlas.textContent).toContain('7 messages wait')
  expect(calls.filter(call => call.endsWith('/status'))).toEqual([`GET /tenants/${ATLAS.id}/status`])
})

test('search and state are in the address, and can be taken away together', async () => {
  const { calls, router } = await open('/tenants?status=active&q=zzz')
  await screen.findByText('No tenant fits')
  expect(calls).toContain('GET /tenants?status=active&q=zzz&limit=100')
  fireEvent.change(screen.getByLabelText('Search by name'), { target: { value: 'atl' } })
  await row('Atlas')
  expect(router.state.location.search).toEqual({ status: 'active', q: 'atl' })
  fireEvent.change(screen.getByLabelText('Search by name'), { target: { value: 'zzzz' } })
  fireEvent.click(await screen.findByRole('button', { name: 'Show all tenants' }))
  await row('Beta')
  expect(router.state.location.search).toEqual({})
})

test('acting in a tenant begins with a fresh page', async () => {
  await open()
  const button = within(await row('Atlas')).getByRole('button', { name: 'Act in it: Atlas' })
  vi.stubGlobal('location', { assign: vi.fn(), origin: 'http://linko', pathname: '/tenants' })
  fireEvent.click(button)
  expect(location.assign).toHaveBeenCalledWith('/inbox?tab=all')
  expect(actingNow()).toEqual({ id: ATLAS.id, name: 'Atlas', userId: 'u' })
})

test('a list that cannot be loaded says so, and is loaded again', async () => {
  let isBroken = true
  await open('/tenants', (_, path) =>
    path === '/tenants' && isBroken ? [403, { errorCode: 'FORBIDDEN', detail: 'no', requestId: 'r1' }] : null,
  )
  await screen.findByText('The tenants could not be loaded.')
  expect(screen.queryByText('No tenant fits')).toBeNull()
  isBroken = false
  fireEvent.click(screen.getByRole('button', { name: 'Try again' }))
  await row('Atlas')
})

test.for(['tenant_admin', 'agent'] as const)('a %s is told that it is not theirs, and nothing is asked for', async role => {
  const { calls } = await open('/tenants', () => null, role)
  await screen.findByText('Your role does not include this')
  expect(calls).toEqual([])
})

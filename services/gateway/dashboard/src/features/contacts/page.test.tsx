import { createMemoryHistory, createRouter } from '@tanstack/react-router'
import { fireEvent, screen, waitFor, within } from '@testing-library/react'
import { beforeAll, expect, onTestFinished, test, vi } from 'vitest'
import { createQueryClient } from '../../lib/api/query-client.ts'
import type { Role } from '../../lib/api/types.ts'
import { loadTexts } from '../../lib/i18n/i18n.ts'
import { rootRoute, shellRoute } from '../../lib/routes.ts'
import { useSession } from '../../lib/session/session-store.ts'
import { renderRouter } from '../../test/open-page.tsx'
import type { Contact } from './data.ts'
import { contactsRoute } from './route.ts'

const contact = (id: string, more: Partial<Contact>): Contact => ({
  ...{ id, waId: null, userId: null, phone: null, name: null, username: null, optOut: false, optOutAt: null, optOutSource: null },
  ...{ attributes: {}, labels: [], block: null, createdAt: '2026-11-29T10:00:00.000Z' },
  ...more,
})
const SALMA = contact('c1', { name: 'Salma Idrissi', phone: '+212661000101', labels: ['VIP'], attributes: { city: 'Rabat' } })
const NADIA = contact('c2', { username: 'nadia.tazi', userId: 'MA.1' })
const page = (data: object[], nextCursor: string | null = null) => ({ data, nextCursor, hasMore: nextCursor !== null })

type Answer = [status: number, body: object]
type Call = [method: string, path: string, body: unknown]

beforeAll(() => loadTexts('features/contacts'))

const tree = rootRoute.addChildren([shellRoute.addChildren([contactsRoute])])

/** Opens an address of the page; `answer` is asked first, and what it leaves has an answer of an account with two contacts. */
async function open(address = '/contacts', answer: (...call: Call) => Answer | null = () => null, role: Role = 'tenant_admin') {
  const calls: Call[] = []
  vi.stubGlobal('fetch', async (url: string, { method = 'GET', body }: RequestInit) => {
    const path = url.replace('/api/v1', '')
    const call: Call = [method, path, typeof body === 'string' ? JSON.parse(body) : body instanceof Blob ? 'file' : null]
    calls.push(call)
    const [status, content] = answer(...call) ?? usual(path)
    return Response.json(content, { status })
  })
  onTestFinished(() => void vi.unstubAllGlobals())
  useSession.setState({ status: 'signed-in', token: 't', user: { id: 'u', email: 'a@b', name: 'Amina', role, tenantId: 't' } })
  const queryClient = createQueryClient()
  const history = createMemoryHistory({ initialEntries: [address] })
  const router = createRouter({ routeTree: tree, history, context: { queryClient } })
  renderRouter(router, queryClient)
  const sent = () => calls.filter(([method]) => method !== 'GET')
  const asked = () => calls.filter(([method]) => method === 'GET').map(([, path]) => path)
  return { sent, asked, search: () => router.state.location.search as Record<string, unknown> }
}

function usual(path: string): Answer {
  if (path.startsWith('/contacts?')) return [200, page([SALMA, NADIA])]
  if (path === '/contacts/c1/conversations')
    return [200, page([{ id: 'v1', clientId: 'n1', lastMessage: { at: '2026-11-29T10:00:00.000Z' } }])]
  if (path === '/contacts/c2/conversations') return [200, page([])]
  if (path === '/contacts/c1') return [200, SALMA]
  if (path === '/contacts/c2') return [200, NADIA]
  if (path === '/labels') return [200, page([{ id: 'l1', name: 'VIP' }])]
  return [200, page([])]
}

const button = (name: string | RegExp) => screen.findByRole('button', { name }) as Promise<HTMLButtonElement>

test('contacts are listed by name, number or username, page by page', async () => {
  const { asked } = await open('/contacts', (_method, path) => {
    if (!path.startsWith('/contacts?')) return null
    return [200, path.includes('cursor=next') ? page([NADIA]) : page([SALMA], 'next')]
  })
  await screen.findByText('Salma Idrissi')
  await screen.findByText('+212 661 00 01 01')
  expect(screen.queryByText('@nadia.tazi')).toBeNull()
  fireEvent.click(await button('More contacts'))
  await screen.findByText('@nadia.tazi')
  expect(asked().filter(path => path.startsWith('/contacts?'))).toEqual(['/contacts?limit=50', '/contacts?limit=50&cursor=next'])
})

test('search and filters stand in the address and are asked of the server', async () => {
  const { asked, search } = await open('/contacts?optOut=false&label=VIP')
  await screen.findByText('Salma Idrissi')
  expect(asked()).toContain('/contacts?optOut=false&label=VIP&limit=50')
  fireEvent.change(screen.getByRole('searchbox'), { target: { value: ' 0661 ' } })
  fireEvent.click(screen.getByLabelText('Blocked only'))
  await waitFor(() => expect(search()).toEqual({ q: '0661', optOut: false, label: 'VIP', blocked: true }))
  await waitFor(() => expect(asked().some(path => path.includes('q=0661') && path.includes('blocked=true'))).toBe(true))
})

test('a search without a result says so, and an account without contacts what to do', async () => {
  const none = (_method: string, path: string): Answer | null => (path.startsWith('/contacts?') ? [200, page([])] : null)
  const { search } = await open('/contacts?label=VIP', none)
  await screen.findByText('Nobody fits')
  fireEvent.click(await button('Show everybody'))
  await screen.findByText('No contacts yet')
  expect(search()).toEqual({})
})

test('a failed list can be asked for again', async () => {
  let isBroken = true
  await open('/contacts', (_method, path) =>
    isBroken && path.startsWith('/contacts?') ? [400, { errorCode: 'QUERY_INVALID', detail: 'no' }] : null,
  )
  await screen.findByText('The contacts could not be loaded.')
  isBroken = false
  fireEvent.click(await button('Try again'))
  await screen.findByText('Salma Idrissi')
})

test('an opt-out is shown at once, and taken back when the server refuses it', async () => {
  let refuse: (() => void) | undefined
  const { sent } = await open()
  const row = (await screen.findByText('Salma Idrissi')).closest('li') as HTMLElement
  const answered = globalThis.fetch
  vi.stubGlobal('fetch', async (url: string, init: RequestInit) => {
    const answer = await answered(url, init)
    if (init.method !== 'PATCH') return answer
    await new Promise<void>(resolve => {
      refuse = resolve
    })
    return Response.json({ errorCode: 'OTHER', detail: 'no' }, { status: 422 })
  })
  const toggle = within(row).getByRole('switch')
  fireEvent.click(toggle)
  await waitFor(() => expect(toggle.getAttribute('aria-checked')).toBe('true'))
  await waitFor(() => expect(refuse).toBeDefined())
  refuse?.()
  await waitFor(() => expect(toggle.getAttribute('aria-checked')).toBe('false'))
  expect(sent()).toEqual([['PATCH', '/contacts/c1', { optOut: true }]])
})

test('the drawer leads to the conversation, or says that there is none', async () => {
  const { search } = await open()
  fireEvent.click(await button('Salma Idrissi'))
  const link = await screen.findByRole('link', { name: 'Write' })
  expect(link.getAttribute('href')).toBe('/inbox/v1')
  expect(search()).toEqual({ contact: 'c1' })
  fireEvent.keyDown(link, { key: 'Escape' })
  await waitFor(() => expect(search()).toEqual({}))
  fireEvent.click(await button('@nadia.tazi'))
  await screen.findByText(/No conversation yet/)
})

test('a new contact is opened; a number that is taken leads to its contact, and one that is wrong says why', async () => {
  const answers: Answer[] = [
    [422, { errorCode: 'PHONE_INVALID', detail: '…', errors: [{ path: 'phone', message: 'This is not a valid phone number.' }] }],
    [409, { errorCode: 'CONTACT_EXISTS', detail: '…', contactId: 'c1' }],
  ]
  const { sent, search } = await open('/contacts', method => (method === 'POST' ? (answers.shift() as Answer) : null))
  fireEvent.click(await button('Add a contact'))
  const phone = screen.getByLabelText('Phone number')
  fireEvent.change(phone, { target: { value: ' 0661 ' } })
  fireEvent.click(await button('Add'))
  await screen.findByText('This is not a valid phone number.')
  fireEvent.change(phone, { target: { value: '0661000101' } })
  fireEvent.click(await button('Add'))
  fireEvent.click(await button('Open it'))
  await waitFor(() => expect(search()).toEqual({ contact: 'c1' }))
  expect(sent().map(([, , body]) => body)).toEqual([
    { phone: '0661', name: null },
    { phone: '0661000101', name: null },
  ])
})

test('only what was edited is sent', async () => {
  const { sent } = await open('/contacts?contact=c1', method => (method === 'PATCH' ? [200, SALMA] : null))
  fireEvent.click(await button('Edit'))
  fireEvent.change(await screen.findByLabelText('Value of city'), { target: { value: 'Fès' } })
  fireEvent.click(await screen.findByLabelText('VIP'))
  fireEvent.click(await button('Save'))
  await waitFor(() => expect(sent()).toEqual([['PATCH', '/contacts/c1', { attributes: { city: 'Fès' }, labels: [] }]]))
})

test('a contact is blocked', async () => {
  const { sent } = await open('/contacts?contact=c1')
  fireEvent.click(await button('Block'))
  await waitFor(() => expect(sent()).toEqual([['POST', '/contacts/c1/block', null]]))
})

test('a contact is erased only when its name was typed', async () => {
  const { sent, search } = await open('/contacts?contact=c1')
  fireEvent.click(await button('Erase…'))
  const submit = await button('Erase for good')
  const typed = screen.getByLabelText(/To go on, type/)
  fireEvent.change(typed, { target: { value: 'Salma' } })
  expect(submit.disabled).toBe(true)
  fireEvent.submit(typed.closest('form') as HTMLFormElement)
  expect(sent()).toEqual([])
  fireEvent.change(typed, { target: { value: 'Salma  Idrissi ' } })
  fireEvent.click(submit)
  await waitFor(() => expect(search()).toEqual({}))
  expect(sent()).toEqual([['DELETE', '/contacts/c1', null]])
})

test('a role sees what it may do: agents neither import, export, block nor erase', async () => {
  await open('/contacts?contact=c1', undefined, 'agent')
  await button('Edit')
  await button('Add a contact')
  for (const name of ['Import', 'Export', 'Block', 'Erase…']) expect(screen.queryByRole('button', { name })).toBeNull()
})

const REPORT = { dryRun: true, read: 3, created: 1, updated: 1, unchanged: 0, refused: 1 }
const REFUSED = [{ row: 2, value: 'abc', problem: 'The phone number is not valid.' }]

test('a file is tried, its columns are named, and only then it is imported', async () => {
  const file = { columns: ['Handy', 'Wer'], phoneColumn: 'Handy', nameColumns: [] }
  const { sent } = await open('/contacts', (method, path) => {
    if (method !== 'POST') return null
    if (!path.includes('phone=')) return [422, { errorCode: 'COLUMN_MISSING', detail: 'no', columns: file.columns }]
    return [200, { ...REPORT, refusedRows: REFUSED, file, dryRun: path.includes('dryRun') }]
  })
  fireEvent.click(await button('Import'))
  fireEvent.change(screen.getByLabelText('CSV file'), { target: { files: [new File(['Handy,Wer\n'], 'a.csv')] } })
  await screen.findByText(/No column is called like numbers/)
  fireEvent.change(screen.getByLabelText('Column of the numbers'), { target: { value: 'Handy' } })
  await screen.findByText('The phone number is not valid.')
  expect(sent().every(([, path]) => path.includes('dryRun=true'))).toBe(true)
  fireEvent.click(await button('Import 2 contacts'))
  await screen.findByText('Imported')
  expect(sent().map(([, path, body]) => [path, body])).toEqual([
    ['/contacts/import?dryRun=true', 'file'],
    ['/contacts/import?phone=Handy&dryRun=true', 'file'],
    ['/contacts/import?phone=Handy', 'file'],
  ])
})

test('a file of which nothing would be taken cannot be imported', async () => {
  await open('/contacts', method =>
    method === 'POST' ? [200, { ...REPORT, created: 0, updated: 0, refusedRows: REFUSED, file: null }] : null,
  )
  fireEvent.click(await button('Import'))
  fireEvent.change(screen.getByLabelText('CSV file'), { target: { files: [new File(['phone\n'], 'a.csv')] } })
  await screen.findByText('The phone number is not valid.')
  expect((await button('Import 0 contacts')).disabled).toBe(true)
})

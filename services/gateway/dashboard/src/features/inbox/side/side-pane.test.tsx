import { createMemoryHistory, createRoute, createRouter } from '@tanstack/react-router'
import { cleanup, fireEvent, screen, waitFor, within } from '@testing-library/react'
import { beforeAll, expect, onTestFinished, test, vi } from 'vitest'
import type { ConversationView } from '#shared/contracts/views.ts'
import { createQueryClient } from '../../../lib/api/query-client.ts'
import type { Role } from '../../../lib/api/types.ts'
import { loadTexts } from '../../../lib/i18n/i18n.ts'
import { rootRoute, shellRoute } from '../../../lib/routes.ts'
import { useSession } from '../../../lib/session/session-store.ts'
import { renderRouter } from '../../../test/open-page.tsx'
import { Toasts } from '../../../ui/toasts.tsx'
import { Pickers } from '../pickers/pickers.tsx'
import { openPicker } from '../pickers/picking.ts'
import { readInboxSearch } from '../search.ts'
import SidePane from './side-pane.tsx'

const AT = '2026-11-29T10:00:00.000Z'
const contact = { id: 'c1', waId: '212661000101', userId: 'MA.1', phone: '+212661000101', name: 'Salma', username: null }
const conversation = {
  id: 'v1',
  clientId: 'n1',
  phoneNumberId: '105',
  contact: { ...contact, optOut: false },
  candidateName: null,
  applicationId: 'AC-118',
  leadId: 'l1',
  groupId: null,
  status: 'open',
  assignedTo: { id: 'sara', name: 'Sara' },
  labels: ['Interview'],
  unreadCount: 0,
  messageCount: 14,
  lastMessage: { at: AT },
  windowExpiresAt: null,
  snoozedUntil: null,
  waitingSince: null,
  createdAt: AT,
  updatedAt: AT,
} as unknown as ConversationView
const page = (data: object[]) => ({ data, total: data.length, nextCursor: null, hasMore: false })
const NOTE = { id: 'note1', text: '<b>Later</b>', createdBy: 'sara', createdAt: AT }
const PEOPLE = [
  { id: 'me', name: 'Amina', role: 'manager', availability: 'available' },
  { id: 'sara', name: 'Sara', role: 'agent', availability: 'busy' },
  { id: 'omar', name: 'Omar', role: 'agent', availability: 'offline' },
]
const ANSWERS: Record<string, object> = {
  '/contacts/c1': {
    ...contact,
    optOut: false,
    optOutAt: null,
    attributes: { city: 'Rabat' },
    labels: ['VIP'],
    block: null,
    createdAt: AT,
  },
  '/contacts/c1/conversations': page([conversation]),
  '/contacts/c1/costs': { costs: [{ currency: 'MAD', amount: 0.8 }] },
  '/leads/l1': { id: 'l1', name: 'Salma', status: 'ACTIVE', source: 'manual', pipelineId: 'p1', stageId: 's1' },
  '/pipelines': page([
    {
      id: 'p1',
      name: 'Hiring',
      stages: [
        { id: 's1', name: 'New' },
        { id: 's2', name: 'Interview' },
      ],
    },
  ]),
  '/labels': page([
    { id: 'a', name: 'Interview', color: '#aa3300' },
    { id: 'b', name: 'VIP', color: '#00aa33' },
  ]),
  '/users/names': page(PEOPLE),
  '/audit-log': page([]),
}

beforeAll(() =>
  Promise.all(['features/inbox', 'features/inbox/side', 'features/inbox/pickers', 'features/inbox/message'].map(loadTexts)),
)

type Sent = [method: string, path: string, body: unknown]

/** The contact beside a conversation. `refuse`: requests that the server does not take. */
async function open(role: Role = 'manager', refuse: (path: string) => boolean = () => false) {
  let current = conversation
  const sent: Sent[] = []
  const keys: (string | undefined)[] = []
  vi.stubGlobal('fetch', async (url: string, { method = 'GET', body, headers }: RequestInit) => {
    const path = url.replace('/api/v1', '').replace(/\?.*/, '')
    if (method !== 'GET') {
      const given = typeof body === 'string' ? JSON.parse(body) : null
      sent.push([method, path, given])
      keys.push((headers as Record<string, string>)['idempotency-key'])
      if (refuse(path)) return Response.json({ errorCode: 'CONFLICT', detail: 'Somebody was faster.' }, { status: 409 })
      if (path.endsWith('/notes')) return Response.json(NOTE, { status: 201 })
      if (path.startsWith('/contacts/')) return Response.json({ ...ANSWERS['/contacts/c1'], ...given })
      if (path.startsWith('/leads/')) return Response.json({ ...ANSWERS['/leads/l1'], ...given })
      if (path.endsWith('/labels')) {
        const { add, remove } = given as { add: string[]; remove: string[] }
        current = { ...current, labels: [...current.labels.filter(label => !remove.includes(label)), ...add] }
      }
      return Response.json(current)
    }
    if (path === '/conversations/v1') return Response.json(current)
    if (path === '/conversations/v1/notes') return Response.json(page([NOTE]))
    return Response.json(ANSWERS[path] ?? page([]))
  })
  onTestFinished(() => {
    cleanup()
    vi.unstubAllGlobals()
  })
  useSession.setState({ status: 'signed-in', token: 't', user: { id: 'me', email: 'a@b', name: 'Amina', role, tenantId: 't' } })
  const queryClient = createQueryClient()
  const route = createRoute({
    getParentRoute: () => shellRoute,
    path: '/inbox/{-$conversationId}',
    validateSearch: readInboxSearch,
    component: () => (
      <>
        <SidePane conversationId="v1" asDrawer={false} />
        <Pickers />
        <Toasts />
      </>
    ),
  })
  const router = createRouter({
    routeTree: rootRoute.addChildren([shellRoute.addChildren([route])]),
    history: createMemoryHistory({ initialEntries: ['/inbox/v1'] }),
    context: { queryClient },
  })
  renderRouter(router, queryClient)
  await screen.findByRole('heading', { name: 'Salma' })
  return { sent, keys }
}

test('the contact has its number, labels, attributes, lead, notes, cost and ids', async () => {
  await open()
  const pane = screen.getByRole('complementary', { name: 'Contact' })
  const text = () => (pane.textContent ?? '').replaceAll('\u00a0', ' ')
  await waitFor(() => {
    for (const part of ['+212 661 00 01 01', 'Allowed', 'Interview', 'VIP', 'city', 'Rabat', 'Stage in Hiring', 'AC-118'])
      expect(text()).toContain(part)
    expect(text()).toContain('MAD 0.80')
    expect(text()).toContain('<b>Later</b>')
  })
  expect(within(pane).getByRole('combobox')).toHaveProperty('value', 's1')
  // Who changed what is for administrators.
  expect(screen.queryByText('Who changed what')).toBeNull()
})

test('what is removed is gone at once, and Undo brings it back', async () => {
  const { sent } = await open()
  fireEvent.click(screen.getByRole('button', { name: 'Remove the label Interview' }))
  await waitFor(() => expect(screen.queryByRole('button', { name: 'Remove the label Interview' })).toBeNull())
  fireEvent.click(await screen.findByText('Undo'))
  await screen.findByRole('button', { name: 'Remove the label Interview' })
  await waitFor(() =>
    expect(sent).toEqual([
      ['PATCH', '/conversations/v1/labels', { add: [], remove: ['Interview'] }],
      ['PATCH', '/conversations/v1/labels', { add: ['Interview'], remove: [] }],
    ]),
  )
})

test('what the server refuses is shown as it was, with the reason', async () => {
  await open('manager', path => path.endsWith('/labels'))
  fireEvent.click(screen.getByRole('button', { name: 'Remove the label Interview' }))
  await screen.findByText(/Somebody was faster/)
  await screen.findByRole('button', { name: 'Remove the label Interview' })
})

test('marketing is refused and allowed again, a lead moves on, a note is written once', async () => {
  const { sent, keys } = await open()
  fireEvent.click(await screen.findByRole('switch', { name: 'Allowed' }))
  await screen.findByRole('switch', { name: 'Refused' })
  fireEvent.change(await screen.findByRole('combobox'), { target: { value: 's2' } })
  fireEvent.click(screen.getByRole('button', { name: 'Write' }))
  fireEvent.change(await screen.findByRole('textbox', { name: 'Note' }), { target: { value: ' Call back ' } })
  const save = screen.getByRole('button', { name: 'Save the note' })
  fireEvent.click(save)
  fireEvent.click(save)
  await waitFor(() => expect(screen.queryByRole('textbox', { name: 'Note' })).toBeNull())
  const note: Sent = ['POST', '/conversations/v1/notes', { text: 'Call back' }]
  expect(sent.slice(0, 3)).toEqual([['PATCH', '/contacts/c1', { optOut: true }], ['PATCH', '/leads/l1', { stageId: 's2' }], note])
  // However often it is clicked, the server is asked for the same note.
  expect(sent.slice(3).every(again => JSON.stringify(again) === JSON.stringify(note))).toBe(true)
  expect(new Set(keys.slice(2)).size).toBe(1)
})

test('a conversation is given to a colleague: oneself is first, nobody is last', async () => {
  const { sent } = await open()
  openPicker({ kind: 'assign', conversations: [conversation] })
  const dialog = await screen.findByRole('dialog')
  await within(dialog).findByRole('option', { name: /Omar/ })
  const names = within(dialog)
    .getAllByRole('option')
    .map(option => option.textContent)
  expect(names.map(name => name?.replace(/me$|busy$|away$|available$/, ''))).toEqual([
    expect.stringContaining('Amina'),
    expect.stringContaining('Sara'),
    expect.stringContaining('Omar'),
    'Nobody',
  ])
  fireEvent.click(within(dialog).getByRole('option', { name: /Omar/ }))
  await screen.findByText(/Given to/)
  await waitFor(() => expect(sent).toEqual([['PATCH', '/conversations/v1/assign', { assignedToId: 'omar' }]]))
})

test('labels of several conversations are changed together, each as it needs it', async () => {
  const { sent } = await open()
  const other = { ...conversation, id: 'v2', labels: [] }
  openPicker({ kind: 'labels', conversations: [conversation, other] })
  const dialog = await screen.findByRole('dialog')
  const interview = await within(dialog).findByRole('option', { name: 'Interview' })
  // Only one of the two has it.
  expect(interview.getAttribute('aria-selected')).toBe('false')
  fireEvent.click(interview)
  await waitFor(() =>
    expect(within(dialog).getByRole('option', { name: 'Interview' }).getAttribute('aria-selected')).toBe('true'),
  )
  fireEvent.click(within(dialog).getByRole('button', { name: 'Close' }))
  await screen.findByText(/Labels changed/)
  await waitFor(() =>
    expect(sent).toEqual([
      ['PATCH', '/conversations/v1/labels', { add: ['Interview'], remove: [] }],
      ['PATCH', '/conversations/v2/labels', { add: ['Interview'], remove: [] }],
    ]),
  )
})

test('a conversation is out of sight for an hour, and an end in the past is not possible', async () => {
  const { sent } = await open()
  openPicker({ kind: 'snooze', conversations: [conversation] })
  fireEvent.change(await screen.findByLabelText('Until'), { target: { value: '2020-01-01T09:00' } })
  expect(screen.getByRole('button', { name: 'Snooze' })).toHaveProperty('disabled', true)
  const before = Date.now()
  fireEvent.click(screen.getByRole('option', { name: /In an hour/ }))
  await waitFor(() => expect(sent).toHaveLength(1))
  const [, path, body] = sent[0] as Sent
  expect(path).toBe('/conversations/v1/snooze')
  const aheadMs = Date.parse((body as { until: string }).until) - before
  expect(aheadMs).toBeGreaterThan(3_000_000)
  expect(aheadMs).toBeLessThanOrEqual(3_600_000)
})

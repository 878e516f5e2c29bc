import { i18n } from '@lingui/core'
import { I18nProvider } from '@lingui/react'
import { QueryClientProvider } from '@tanstack/react-query'
import { act, fireEvent, render, screen, waitFor, within } from '@testing-library/react'
import { afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import type { ConversationView } from '#shared/contracts/views.ts'
import { createQueryClient } from '../../../lib/api/query-client.ts'
import { useDrafts } from '../../../lib/drafts.ts'
import { loadTexts } from '../../../lib/i18n/i18n.ts'
import { startOutbox, useOutbox } from '../../../lib/outbox/outbox.ts'
import { useSession } from '../../../lib/session/session-store.ts'
import { OutboxBubble } from '../thread/outbox-bubble.tsx'
import { Composer } from './composer.tsx'

const HOUR = 3_600_000
let count = 0
/** A conversation of its own for each test: what was begun in one is kept. */
const conversation = (more: Partial<ConversationView> = {}): ConversationView => ({
  ...{ id: String(++count).padStart(24, '0'), clientId: 'n1', phoneNumberId: '1', candidateName: null, candidateId: null },
  contact: { id: 'k', waId: '212661000101', userId: null, phone: '+212661000101', name: 'Salma', username: null, optOut: false },
  ...{ applicationId: null, leadId: null, status: 'open', assignedTo: null, labels: [], unreadCount: 0, messageCount: 1 },
  ...{
    lastMessage: null,
    inWindow: true,
    waitingSince: null,
    snoozedUntil: null,
    groupId: null,
    lastReferral: null,
    readOnly: false,
  },
  windowExpiresAt: new Date(Date.now() + 20 * HOUR).toISOString(),
  ...{ threadOwner: null, lastError: null, createdAt: '', updatedAt: '' },
  ...more,
})
const closed = () => conversation({ windowExpiresAt: new Date(Date.now() - HOUR).toISOString(), inWindow: false })

const TEMPLATE = {
  ...{ id: 't1', wabaId: 'w1', name: 'job_opportunity', language: 'fr', category: 'MARKETING', parameterFormat: 'POSITIONAL' },
  components: [{ type: 'BODY', text: 'Bonjour {{1}}, un poste de {{2}} est ouvert.' }],
  variables: [
    { name: 'candidateName', position: 1, description: null, example: 'Salma', component: 'BODY' },
    { name: 'jobTitle', position: 2, description: null, example: 'Comptable', component: 'BODY' },
  ],
  lastUsedAt: null,
}
const OF_OTHER_ACCOUNT = { ...TEMPLATE, id: 't2', wabaId: 'w2', name: 'foreign' }

const page = (data: object[]) => ({ data, nextCursor: null, hasMore: false })
const ANSWERS: Record<string, object> = {
  'GET /phone-numbers': page([{ id: 'n1', wabaId: 'w1', companyName: 'Rabat' }]),
  'GET /users/names': page([
    { id: 'u', name: 'Amina', role: 'agent' },
    { id: 'u2', name: 'Youssef Mansouri', role: 'agent' },
  ]),
  'GET /templates': page([TEMPLATE, OF_OTHER_ACCOUNT]),
  'GET /templates/prices': { templates: { MARKETING: { amount: 0.6, currency: 'MAD', category: 'MARKETING' } }, text: null },
  'GET /quick-replies': page([
    { id: 'q1', scope: 'account', shortcut: 'hours', title: 'Opening hours', text: 'Hello {{contact.name}}', mediaId: null },
    { id: 'q2', scope: 'own', shortcut: 'bye', title: 'Goodbye', text: 'Goodbye', mediaId: null },
  ]),
  'POST /quick-replies/q1/render': { text: 'Hello Salma, from 9 to 18', mediaId: null, missing: [] },
  'POST /quick-replies/q2/render': { text: 'Goodbye {{candidate.name}}', mediaId: null, missing: ['candidate.name'] },
}

interface Sent {
  path: string
  body: Record<string, unknown>
}
let sent: Sent[] = []
let stop = () => {}

beforeAll(() =>
  Promise.all([loadTexts('features/inbox'), loadTexts('features/inbox/message'), loadTexts('features/inbox/thread')]),
)
beforeEach(() => {
  sent = []
  vi.stubGlobal('fetch', async (url: string, { method = 'GET', body }: { method?: string; body?: string }) => {
    const { pathname } = new URL(url, 'http://linko')
    const path = pathname.replace('/api/v1', '')
    const known = ANSWERS[`${method} ${path}`]
    if (known) return Response.json(known)
    if (method === 'GET') return Response.json({ errorCode: 'NOT_FOUND', detail: path }, { status: 404 })
    sent.push({ path, body: JSON.parse(body ?? '{}') })
    return Response.json({ id: `m${sent.length}`, conversationId: 'c', text: '' }, { status: 202 })
  })
  const user = { id: 'u', email: 'a@b', name: 'Amina', role: 'agent' as const, tenantId: 't' }
  useSession.setState({ status: 'signed-in', token: 't', user })
})
afterEach(() => {
  stop()
  vi.unstubAllGlobals()
  useDrafts.setState({ drafts: {} })
})

function open(given: ConversationView) {
  const queries = createQueryClient()
  stop = startOutbox(queries)
  return render(
    <I18nProvider i18n={i18n}>
      <QueryClientProvider client={queries}>
        <Composer conversation={given} />
      </QueryClientProvider>
    </I18nProvider>,
  )
}
const field = (name = 'Message') => screen.findByRole<HTMLTextAreaElement>('textbox', { name })
const type = async (text: string, name?: string) => {
  const area = await field(name)
  // The cursor is behind what was typed.
  fireEvent.change(area, { target: { value: text } })
  return area
}
const press = (element: Element, key: string, more: object = {}) => fireEvent.keyDown(element, { key, ...more })
const click = async (name: string | RegExp) => fireEvent.click(await screen.findByRole('button', { name }))
const untilSent = async (n: number) => {
  await waitFor(() => expect(sent).toHaveLength(n))
  return sent.at(-1) as Sent
}

test('Enter sends the text, and the field is empty again', async () => {
  const given = conversation()
  open(given)
  press(await type('Bonjour'), 'Enter')
  expect(await untilSent(1)).toEqual({ path: '/messages/send', body: { conversationId: given.id, text: 'Bonjour' } })
  expect((await field()).value).toBe('')
})

test('while the window is closed there is no text field but the templates, with what each costs', async () => {
  open(closed())
  const row = await screen.findByRole('button', { name: /job_opportunity/ })
  expect(row.textContent).toMatch(/MAD\s0\.60/)
  expect(screen.queryByRole('textbox', { name: 'Message' })).toBeNull()
  // That of another account of WhatsApp could not go out from this number.
  expect(screen.queryByRole('button', { name: /foreign/ })).toBeNull()
})

test('a template is filled, shown as its reader sees it, and sent', async () => {
  const given = closed()
  open(given)
  await click(/job_opportunity/)
  const job = await screen.findByRole('textbox', { name: 'jobTitle' })
  expect(screen.getByRole<HTMLInputElement>('textbox', { name: 'candidateName' }).value).toBe('Salma')
  await click('Send template')
  expect(await screen.findByText('A value is needed here.')).toBeTruthy()
  expect(sent).toEqual([])
  fireEvent.change(job, { target: { value: 'Comptable' } })
  expect(screen.getByRole('figure', { name: 'Preview' }).textContent).toContain(
    'Bonjour Salma, un poste de Comptable est ouvert.',
  )
  await click('Send template')
  expect(await untilSent(1)).toEqual({
    path: '/messages/send-template',
    body: { conversationId: given.id, templateId: 't1', variables: { candidateName: 'Salma', jobTitle: 'Comptable' } },
  })
  // It makes room for the thread.
  expect(await screen.findByRole('button', { name: 'Choose a template' })).toBeTruthy()
})

test('a note names a colleague by @, and goes nowhere else', async () => {
  const given = conversation()
  open(given)
  fireEvent.click(screen.getByRole('tab', { name: 'Note' }))
  const area = await type('@you', 'Note for the team')
  const option = await screen.findByRole('option', { name: 'Youssef Mansouri' })
  await waitFor(() => expect(area.getAttribute('aria-activedescendant')).toBe(option.id))
  // Oneself is not offered.
  expect(screen.queryByRole('option', { name: 'Amina' })).toBeNull()
  press(area, 'Enter')
  await waitFor(() => expect(area.value).toBe('@Youssef Mansouri '))
  fireEvent.change(area, { target: { value: `${area.value}can you call her?` } })
  press(area, 'Enter')
  expect(await untilSent(1)).toEqual({
    path: `/conversations/${given.id}/notes`,
    body: { text: '@Youssef Mansouri can you call her?', mentions: ['u2'] },
  })
})

test('drafts of the reply and of the note are kept apart', async () => {
  open(conversation())
  await type('to the customer')
  fireEvent.click(screen.getByRole('tab', { name: 'Note' }))
  expect((await type('to the team', 'Note for the team')).value).toBe('to the team')
  fireEvent.click(screen.getByRole('tab', { name: 'Reply' }))
  expect((await field()).value).toBe('to the customer')
})

test('a quick reply is found by / and comes with its values', async () => {
  open(conversation())
  const area = await type('/ho')
  const list = await screen.findByRole('listbox', { name: 'Quick replies' })
  await waitFor(() => expect(within(list).getAllByRole('option')).toHaveLength(1))
  press(area, 'Enter')
  await waitFor(() => expect(area.value).toBe('Hello Salma, from 9 to 18'))
  expect(screen.queryByRole('listbox')).toBeNull()
  expect(sent).toEqual([])
})

test('a value that is not known must be filled in before it is sent', async () => {
  open(conversation())
  const area = await type('/bye')
  await screen.findByRole('option', { name: /Goodbye/ })
  press(area, 'Enter')
  expect(await screen.findByText(/Fill in/)).toBeTruthy()
  press(area, 'Enter')
  expect(sent).toEqual([])
  fireEvent.change(area, { target: { value: 'Goodbye Salma' } })
  press(area, 'Enter')
  expect((await untilSent(1)).body).toMatchObject({ text: 'Goodbye Salma' })
})

test('Esc closes the suggestions and leaves what was typed', async () => {
  open(conversation())
  const area = await type('/ho')
  await screen.findByRole('option', { name: /Opening hours/ })
  press(area, 'Escape')
  expect(screen.queryByRole('listbox')).toBeNull()
  expect(area.value).toBe('/ho')
})

test('a pasted picture is shown with its size, and what WhatsApp does not take is said', async () => {
  URL.createObjectURL ??= () => 'blob:x'
  URL.revokeObjectURL ??= () => undefined
  open(conversation())
  const area = await field()
  const files = [
    new File(['abc'], 'plan.png', { type: 'image/png' }),
    new File(['abc'], 'a.exe', { type: 'application/x-msdownload' }),
  ]
  fireEvent.paste(area, { clipboardData: { files } })
  expect(await screen.findByText('plan.png')).toBeTruthy()
  expect(screen.getByText('WhatsApp does not take this kind of file.')).toBeTruthy()
  expect(screen.getByRole<HTMLButtonElement>('button', { name: 'Send' }).disabled).toBe(true)
  await click('Remove a.exe')
  expect(screen.getByRole<HTMLButtonElement>('button', { name: 'Send' }).disabled).toBe(false)
})

test('what is sent later has its time', async () => {
  open(conversation())
  await type('Bonjour')
  await click('Send later')
  await click('In an hour')
  const { body } = await untilSent(1)
  expect(Date.parse(body.sendAt as string)).toBeGreaterThan(Date.now() + 0.9 * HOUR)
})

test('behind the end of the window it says what will happen, and sends only when told so', async () => {
  open(conversation({ windowExpiresAt: new Date(Date.now() + HOUR / 2).toISOString() }))
  await type('Bonjour')
  await click('Send later')
  await click('In an hour')
  expect(await screen.findByText(/The window closes on/)).toBeTruthy()
  expect(sent).toEqual([])
  await click('Schedule anyway')
  expect((await untilSent(1)).body).toHaveProperty('sendAt')
})

test('a template is chosen that goes out instead', async () => {
  open(conversation({ windowExpiresAt: new Date(Date.now() + HOUR / 2).toISOString() }))
  await type('Bonjour')
  await click('Send later')
  await click('In an hour')
  await click('Choose a template instead')
  await click(/job_opportunity/)
  fireEvent.change(await screen.findByRole('textbox', { name: 'jobTitle' }), { target: { value: 'Comptable' } })
  await click('Use this template')
  expect(await screen.findByText(/goes out instead if the window has closed/)).toBeTruthy()
  await click('Send')
  expect((await untilSent(1)).body).toMatchObject({
    text: 'Bonjour',
    fallback: { templateId: 't1', variables: { candidateName: 'Salma', jobTitle: 'Comptable' } },
  })
})

test('a message with buttons is built and sent', async () => {
  open(conversation())
  await type('When can you come?')
  await click('Buttons or a list')
  const first = await screen.findByRole('textbox', { name: 'Button 1' })
  fireEvent.change(first, { target: { value: 'Today' } })
  fireEvent.change(screen.getByRole('textbox', { name: 'Button 2' }), { target: { value: 'Tomorrow' } })
  const dialog = screen.getByRole('dialog')
  fireEvent.click(within(dialog).getByRole('button', { name: 'Send' }))
  expect((await untilSent(1)).body).toMatchObject({
    type: 'interactive',
    interactive: { type: 'button', body: { text: 'When can you come?' }, action: { buttons: [{}, {}] } },
  })
  expect((await field()).value).toBe('')
})

test('an emoji is put where the cursor is', async () => {
  open(conversation())
  await type('Merci ')
  await click('Emoji')
  await click('🙏')
  await waitFor(async () => expect((await field()).value).toBe('Merci 🙏'))
})

test('in a group only notes are written', async () => {
  open(conversation({ readOnly: true }))
  expect(await field('Note for the team')).toBeTruthy()
  expect(screen.queryByRole('textbox', { name: 'Message' })).toBeNull()
})

test('a message that came too late for the window leads to the templates', async () => {
  const given = conversation()
  open(given)
  const entry = {
    ...{ key: 'k', conversationId: given.id, path: '/messages/send', body: {}, createdAt: new Date().toISOString() },
    preview: { type: 'text', text: 'Bonjour' },
    state: 'refused' as const,
    problem: { errorCode: 'WINDOW_CLOSED', detail: 'x', requestId: null },
  }
  act(() => useOutbox.setState({ entries: [entry] }))
  render(
    <I18nProvider i18n={i18n}>
      <QueryClientProvider client={createQueryClient()}>
        <OutboxBubble entry={entry} />
      </QueryClientProvider>
    </I18nProvider>,
  )
  await click('Send a template')
  expect(await screen.findByRole('button', { name: /job_opportunity/ })).toBeTruthy()
})

import { fireEvent, screen, waitFor } from '@testing-library/react'
import { beforeAll, expect, onTestFinished, test, vi } from 'vitest'
import type { Role } from '../../../lib/api/types.ts'
import { loadTexts } from '../../../lib/i18n/i18n.ts'
import { openPage } from '../../../test/open-page.tsx'
import type { Contact } from '../data.ts'
import { contactsRoute } from '../route.ts'

const CONTACT: Contact = {
  ...{ id: 'c1', waId: '212661000101', userId: null, phone: '+212661000101', name: 'Salma Idrissi', username: null },
  ...{ optOut: false, optOutAt: null, optOutSource: null, attributes: {}, labels: [], block: null },
  createdAt: '2026-11-29T10:00:00.000Z',
}
const number = (id: string, more: object = {}) => ({
  ...{ id, wabaId: 'w1', companyName: id, verifiedName: null, whatsappNumber: '+212600111222', isPrimary: id === 'Rabat' },
  ...{ status: 'active', pauseReason: null, reason: null, pauseCode: null, tokenExpiry: null },
  ...more,
})
const template = (id: string, category: string, wabaId = 'w1') => ({
  ...{ id, wabaId, name: id, language: 'fr', category, parameterFormat: 'POSITIONAL', lastUsedAt: null },
  components: [{ type: 'BODY', text: 'Bonjour {{1}}, à bientôt.', example: { body_text: [['Leila']] } }],
  variables: [{ name: 'candidateName', position: 1, description: null, example: 'Leila', component: 'BODY' }],
})
const price = (category: string) => ({ amount: 0.4, currency: 'MAD', category })
const RECIPIENT = { templates: { UTILITY: price('UTILITY'), MARKETING: price('MARKETING') }, text: null, contactId: null }
const page = (data: object[]) => ({ data, nextCursor: null, hasMore: false })

type Answer = [status: number, body: object]
type Answers = Record<string, Answer | ((search: URLSearchParams, body: unknown) => Answer)>

beforeAll(async () => {
  await Promise.all(['features/contacts', 'features/contacts/first-message', 'ui/templates'].map(loadTexts))
  // A chunk of its own, which no test waits for.
  await import('./first-message-dialog.tsx')
})

/** Opens the contacts of an account with one contact and two numbers; `own` answers otherwise, by method and path. */
async function open(own: Answers = {}, role: Role = 'agent') {
  const sent: { path: string; body: unknown; key: string | undefined }[] = []
  const answers: Answers = {
    'GET /contacts': [200, page([CONTACT])],
    'GET /contacts/c1': [200, CONTACT],
    'GET /contacts/c1/conversations': [200, page([])],
    'GET /phone-numbers': [
      200,
      page([number('Rabat'), number('Fes', { wabaId: 'w2' }), number('Gone', { status: 'disconnected' })]),
    ],
    'GET /templates': [
      200,
      page([template('hello', 'UTILITY'), template('sale', 'MARKETING'), template('other', 'UTILITY', 'w2')]),
    ],
    'GET /templates/prices': [200, RECIPIENT],
    'POST /messages/send-template': [202, { id: 'm1', conversationId: 'v1' }],
    ...own,
  }
  vi.stubGlobal('fetch', async (url: string, { method = 'GET', body, headers }: RequestInit) => {
    const { pathname, searchParams } = new URL(url, 'http://linko')
    const path = pathname.replace('/api/v1', '')
    const content = typeof body === 'string' ? JSON.parse(body) : null
    if (method !== 'GET') sent.push({ path, body: content, key: (headers as Record<string, string>)['idempotency-key'] })
    const known = answers[`${method} ${path}`] ?? [200, page([])]
    const [status, answer] = typeof known === 'function' ? known(searchParams, content) : known
    return Response.json(answer, { status })
  })
  onTestFinished(() => void vi.unstubAllGlobals())
  const { router } = await openPage(contactsRoute, '/contacts', { role })
  return { sent, at: () => router.state.location.pathname }
}

// By words and labels: roles of a whole page are slow to find.
const press = async (words: string) => fireEvent.click(await screen.findByText(words))
const writeToSalma = async () => fireEvent.click(await screen.findByLabelText('Write to Salma Idrissi'))
const choose = async (name: string) => fireEvent.click((await screen.findByText(name)).closest('button') as HTMLElement)
const type = (label: string, value: string) => fireEvent.change(screen.getByLabelText(label), { target: { value } })

test('a contact gets a template with its values from the chosen number, and the conversation opens', async () => {
  const { sent, at } = await open()
  await writeToSalma()
  await screen.findByText('hello')
  expect(screen.queryByText('other')).toBeNull()
  const from = screen.getByLabelText<HTMLSelectElement>('From')
  const numbers = ['Rabat · +212 600 11 12 22', 'Fes · +212 600 11 12 22']
  expect([...from.options].map(({ text }) => text)).toEqual(numbers)
  await choose('hello')
  expect(screen.getByLabelText<HTMLInputElement>('candidateName').value).toBe('Salma Idrissi')
  const phone = () => document.querySelector('[data-phone]')?.textContent
  expect(phone()).toBe('Bonjour Salma Idrissi, à bientôt.')
  expect(from.closest('dialog')?.textContent).toMatch(/MAD\s0\.40/)
  type('candidateName', '')
  // The sample of the template is not what goes out.
  expect(phone()).toBe('Bonjour {{1}}, à bientôt.')
  await press('Send template')
  await screen.findByText('A value is needed here.')
  expect(sent).toEqual([])
  type('candidateName', 'Salma')
  await press('Send template')
  await waitFor(() => expect(at()).toBe('/inbox/v1'))
  const body = { to: '212661000101', clientId: 'Rabat', templateId: 'hello', variables: { candidateName: 'Salma' } }
  expect(sent).toEqual([{ path: '/messages/send-template', body, key: expect.stringMatching(/^[0-9a-f-]{36}$/) }])
})

test('the other number has other templates', async () => {
  await open()
  await writeToSalma()
  await screen.findByText('hello')
  type('From', 'Fes')
  await screen.findByText('other')
  expect(screen.queryByText('hello')).toBeNull()
})

test('somebody new is written to by number, with the name that is typed', async () => {
  const { sent, at } = await open()
  await press('Write to a number')
  await choose('hello')
  type('candidateName', 'Zineb')
  await press('Send template')
  await screen.findByText('Type a phone number.')
  expect(document.activeElement).toBe(screen.getByLabelText('Phone number'))
  type('Phone number', '0661 55 00 77')
  type('Name', 'Zineb Alami')
  await press('Send template')
  await waitFor(() => expect(at()).toBe('/inbox/v1'))
  expect(sent[0]?.body).toMatchObject({ to: '0661 55 00 77', candidateName: 'Zineb Alami', clientId: 'Rabat' })
})

test('a number that is none is said; one that a contact has is that contact, and keeps its name', async () => {
  const problem = { errorCode: 'PHONE_INVALID', detail: 'x', errors: [{ path: 'to', message: 'It is too short.' }] }
  const { sent } = await open({
    'GET /templates/prices': search => (search.get('to') === '0661' ? [422, problem] : [200, { ...RECIPIENT, contactId: 'c1' }]),
  })
  await press('Write to a number')
  await screen.findByText('hello')
  type('Phone number', '0661')
  fireEvent.blur(screen.getByLabelText('Phone number'))
  await screen.findByText('It is too short.')
  type('Phone number', '0661000101')
  await screen.findByText(/This is the number of/)
  expect(screen.queryByLabelText('Name')).toBeNull()
  await choose('hello')
  type('candidateName', 'Salma')
  await press('Send template')
  await waitFor(() => expect(sent).toHaveLength(1))
  expect(sent[0]?.body).not.toHaveProperty('candidateName')
})

test('marketing does not go to who has opted out, and nothing to who is blocked', async () => {
  await open({ 'GET /contacts/c1': [200, { ...CONTACT, optOut: true }] })
  await writeToSalma()
  await choose('sale')
  await screen.findByText(/gets no marketing/)
  expect(screen.queryByText('Send template')).toBeNull()
  await choose('hello')
  await screen.findByText('Send template')
})

test('a blocked contact has no template to choose', async () => {
  await open({ 'GET /contacts/c1': [200, { ...CONTACT, block: { at: '', state: 'DONE', problem: null } }] })
  await writeToSalma()
  await screen.findByText(/Nothing can be sent/)
  expect(screen.queryByText('hello')).toBeNull()
})

test('a refusal of the server is said in the language of the page, and another try asks something else', async () => {
  const answers: Answer[] = [[422, { errorCode: 'CONTACT_OPTED_OUT', detail: 'English.' }]]
  const { sent } = await open({
    'POST /messages/send-template': () => answers.shift() ?? [202, { id: 'm', conversationId: 'v1' }],
  })
  await writeToSalma()
  await choose('hello')
  await press('Send template')
  await screen.findByText(/This person gets no marketing/)
  expect(screen.queryByText(/English/)).toBeNull()
  await press('Send template')
  await waitFor(() => expect(sent).toHaveLength(2))
  expect(sent[1]?.key).not.toBe(sent[0]?.key)
})

test('a conversation that is there already is shown, with whether one may write freely in it', async () => {
  const conversation = { id: 'v9', clientId: 'Rabat', lastMessage: null }
  await open({
    'GET /contacts/c1/conversations': [200, page([conversation])],
    'GET /templates/prices': [200, { ...RECIPIENT, text: price('SERVICE') }],
  })
  await writeToSalma()
  await screen.findByText(/you can write freely there/)
  expect(screen.getByText('Open the conversation').getAttribute('href')).toBe('/inbox/v9')
})

test('an account without a number that sends is led to one', async () => {
  await open({ 'GET /phone-numbers': [200, page([number('Gone', { status: 'disconnected' })])] })
  await press('Write to a number')
  await screen.findByText('No number sends yet')
})

test('who may send no templates has no button for it', async () => {
  await open({}, 'visitor' as Role)
  await screen.findByText('Your role does not include this')
  expect(screen.queryByText('Write to a number')).toBeNull()
})

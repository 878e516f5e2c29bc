import { fireEvent, screen, waitFor, within } from '@testing-library/react'
import { beforeAll, expect, test } from 'vitest'
import type { Role } from '../../../lib/api/types.ts'
import { loadTexts } from '../../../lib/i18n/i18n.ts'
import { type Answers, openWithAnswers } from '../../../test/open-with-answers.ts'
import { settingsRoute } from '../route.ts'

const HELLO = { id: 'q1', scope: 'account', shortcut: 'hello', title: 'Hello', text: 'Hi {{contact.firstName}}', mediaId: null }
const OWN = { ...HELLO, id: 'q2', scope: 'own', shortcut: 'bye', title: 'Bye', text: 'See you' }

beforeAll(() => loadTexts('features/settings/quick-replies'))

const open = (answers: Answers = {}, role: Role = 'manager') =>
  openWithAnswers({
    ...{ page: settingsRoute, address: '/settings?section=replies', role },
    answers: { 'GET /quick-replies': [200, { data: [OWN, HELLO] }], ...answers },
  })
const type = (label: string, value: string) => fireEvent.change(screen.getByLabelText(label), { target: { value } })
const press = (name: string) => fireEvent.click(screen.getByRole('button', { name }))

test('one is made for everybody, with a variable, and its preview shows what a customer would read', async () => {
  const { calls } = await open({ 'POST /quick-replies': [201, HELLO] })
  fireEvent.click(await screen.findByRole('button', { name: 'New quick reply' }))
  const create = screen.getByRole<HTMLButtonElement>('button', { name: 'Create quick reply' })
  expect(create.disabled).toBe(true)
  type('Shortcut', 'welcome')
  type('Title', 'Welcome')
  type('Text', 'Good day ')
  screen.getByLabelText<HTMLTextAreaElement>('Text').setSelectionRange(9, 9)
  press('Customer’s first name')
  expect(screen.getByLabelText<HTMLTextAreaElement>('Text').value).toBe('Good day {{contact.firstName}}')
  expect(within(screen.getByRole('region', { name: 'Preview' })).getByText('Good day Salma')).toBeTruthy()
  fireEvent.change(screen.getByLabelText('For whom'), { target: { value: 'account' } })
  fireEvent.click(create)
  await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull())
  const body = { scope: 'account', shortcut: 'welcome', title: 'Welcome', text: 'Good day {{contact.firstName}}', mediaId: null }
  expect(calls).toEqual([['POST', '/quick-replies', body]])
})

test('a variable that nobody knows is said before it is sent, a shortcut that is taken after', async () => {
  const { calls } = await open({ 'POST /quick-replies': [409, { errorCode: 'SHORTCUT_EXISTS', detail: 'no' }] })
  fireEvent.click(await screen.findByRole('button', { name: 'New quick reply' }))
  type('Shortcut', 'hello')
  type('Title', 'Hello')
  type('Text', 'Hi {{contact.birthday}}')
  expect(screen.getByText('Nobody knows contact.birthday. Choose from below.')).toBeTruthy()
  press('Create quick reply')
  expect(calls).toEqual([])
  type('Text', 'Hi')
  press('Create quick reply')
  await screen.findByText('Another quick reply has this shortcut.')
  expect(screen.getByLabelText('Shortcut').getAttribute('aria-invalid')).toBe('true')
  expect(screen.getByLabelText<HTMLInputElement>('Title').value).toBe('Hello')
})

test('only what was changed is sent, with what it replaces; one is deleted by its name', async () => {
  const { calls } = await open({ 'PATCH /quick-replies/q1': [200, HELLO], 'DELETE /quick-replies/q2': [204, null] })
  fireEvent.click(await screen.findByRole('button', { name: 'Edit “Hello”' }))
  type('Text', 'Good morning')
  press('Save')
  await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull())
  press('Delete “Bye”')
  fireEvent.click(within(screen.getByRole('dialog')).getByRole('button', { name: 'Delete' }))
  await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull())
  expect(calls).toEqual([
    ['PATCH', '/quick-replies/q1', { text: 'Good morning', expected: { text: 'Hi {{contact.firstName}}' } }],
    ['DELETE', '/quick-replies/q2', null],
  ])
})

test("somebody else's change is shown beside one's own", async () => {
  const current = { ...HELLO, text: 'Theirs' }
  const conflict = { errorCode: 'CHANGED_MEANWHILE', detail: 'no', errors: [{ path: 'text', message: 'x' }], current }
  await open({ 'PATCH /quick-replies/q1': [409, { ...conflict, changedBy: null }] })
  fireEvent.click(await screen.findByRole('button', { name: 'Edit “Hello”' }))
  type('Text', 'Mine')
  press('Save')
  expect((await screen.findByRole('alert')).textContent).toMatch(/somebody else.*Saved now.*Theirs.*Yours.*Mine/s)
  press('Take what is saved')
  expect(screen.getByLabelText<HTMLTextAreaElement>('Text').value).toBe('Theirs')
})

test('an agent changes the own ones alone, and makes none for everybody', async () => {
  await open({}, 'agent')
  await screen.findByRole('button', { name: 'Edit “Bye”' })
  expect(screen.queryByRole('button', { name: 'Edit “Hello”' })).toBeNull()
  press('New quick reply')
  expect(screen.queryByLabelText('For whom')).toBeNull()
})

test('nothing there, and what cannot be loaded, are said', async () => {
  let isBroken = true
  const failure = { errorCode: 'X', detail: 'no', requestId: 'r-1' }
  await open({ 'GET /quick-replies': () => (isBroken ? [400, failure] : [200, { data: [] }]) })
  await screen.findByText('The quick replies could not be loaded.')
  isBroken = false
  press('Try again')
  await screen.findByRole('heading', { name: 'No quick replies yet' })
})

import { fireEvent, screen, waitFor, within } from '@testing-library/react'
import { beforeAll, expect, test } from 'vitest'
import type { Role } from '../../../lib/api/types.ts'
import { loadTexts } from '../../../lib/i18n/i18n.ts'
import { type Answers, openWithAnswers } from '../../../test/open-with-answers.ts'
import { settingsRoute } from '../route.ts'

const VIP = { id: 'l1', name: 'VIP', color: '#aa3300', description: 'Buys often' }
const USES = { conversations: { count: 10_000, isExact: false }, contacts: { count: 1, isExact: true }, views: 1, rules: 0 }

beforeAll(() => loadTexts('features/settings/labels'))

const open = (answers: Answers = {}, role?: Role) =>
  openWithAnswers({
    page: settingsRoute,
    address: '/settings?section=labels',
    answers: { 'GET /labels': [200, { data: [VIP] }], 'GET /labels/l1/uses': [200, USES], ...answers },
    ...(role && { role }),
  })
const type = (label: string, value: string) => fireEvent.change(screen.getByLabelText(label), { target: { value } })

test('a label is made with name, colour and description', async () => {
  const { calls } = await open({ 'POST /labels': [201, VIP] })
  fireEvent.click(await screen.findByRole('button', { name: 'New label' }))
  type('Name', 'Interview')
  type('Colour', '#00aa33')
  type('Description', 'Is invited')
  fireEvent.click(screen.getByRole('button', { name: 'Create label' }))
  await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull())
  expect(calls).toEqual([['POST', '/labels', { name: 'Interview', color: '#00aa33', description: 'Is invited' }]])
})

test('a name that exists is said at its field, and the form is kept', async () => {
  await open({ 'POST /labels': [409, { errorCode: 'LABEL_EXISTS', detail: 'no' }] })
  fireEvent.click(await screen.findByRole('button', { name: 'New label' }))
  type('Name', 'VIP')
  fireEvent.click(screen.getByRole('button', { name: 'Create label' }))
  await screen.findByText('There is a label with this name already.')
  const field = screen.getByLabelText<HTMLInputElement>('Name')
  expect([field.value, field.getAttribute('aria-invalid')]).toEqual(['VIP', 'true'])
})

test('only what was changed is sent, with what it replaces', async () => {
  const { calls } = await open({ 'PATCH /labels/l1': [200, VIP] })
  fireEvent.click(await screen.findByRole('button', { name: 'Edit “VIP”' }))
  type('Name', 'Important')
  fireEvent.click(screen.getByRole('button', { name: 'Save' }))
  await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull())
  expect(calls).toEqual([['PATCH', '/labels/l1', { name: 'Important', expected: { name: 'VIP' } }]])
})

test("somebody else's change meanwhile is shown beside one's own, and can be replaced or taken", async () => {
  const current = { ...VIP, name: 'Gold' }
  const conflict = { errorCode: 'CHANGED_MEANWHILE', detail: 'no', errors: [{ path: 'name', message: 'x' }], current }
  const { calls } = await open({
    'PATCH /labels/l1': body =>
      (body as { expected: { name: string } }).expected.name === 'Gold'
        ? [200, VIP]
        : [409, { ...conflict, changedBy: 'Youssef' }],
  })
  fireEvent.click(await screen.findByRole('button', { name: 'Edit “VIP”' }))
  type('Name', 'Important')
  fireEvent.click(screen.getByRole('button', { name: 'Save' }))
  const alert = await screen.findByRole('alert')
  expect(alert.textContent).toMatch(/Youssef.*Saved now.*Gold.*Yours.*Important/)
  fireEvent.click(within(alert).getByRole('button', { name: 'Take what is saved' }))
  expect(screen.getByLabelText<HTMLInputElement>('Name').value).toBe('Gold')
  expect(screen.queryByRole('alert')).toBeNull()
  fireEvent.click(screen.getByRole('button', { name: 'Cancel' }))

  fireEvent.click(screen.getByRole('button', { name: 'Edit “VIP”' }))
  type('Name', 'Important')
  fireEvent.click(screen.getByRole('button', { name: 'Save' }))
  fireEvent.click(within(await screen.findByRole('alert')).getByRole('button', { name: 'Save mine instead' }))
  await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull())
  expect(calls.at(-1)).toEqual(['PATCH', '/labels/l1', { name: 'Important', expected: { name: 'Gold' } }])
})

test('where it is used is said, with ways there, and before it is deleted', async () => {
  const { calls } = await open({ 'DELETE /labels/l1': [204, null] })
  fireEvent.click(await screen.findByRole('button', { name: 'Where used' }))
  await screen.findByText('> 10,000', { exact: false })
  expect(screen.getByRole('link', { name: 'Show the contacts' }).getAttribute('href')).toBe('/contacts?label=VIP')
  fireEvent.click(screen.getByRole('button', { name: 'Delete “VIP”' }))
  const dialog = screen.getByRole('dialog')
  expect(dialog.textContent).toMatch(
    /Delete the label “.*VIP.*”.*> 10,000.*conversations.*1.*contact.*1.*saved view.*match nothing/s,
  )
  fireEvent.click(within(dialog).getByRole('button', { name: 'Delete' }))
  await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull())
  expect(calls).toEqual([['DELETE', '/labels/l1', null]])
})

test('an account without labels is told what they are for', async () => {
  await open({ 'GET /labels': [200, { data: [] }] })
  await screen.findByRole('heading', { name: 'No labels yet' })
})

test('a list that cannot be loaded can be asked for again', async () => {
  let isBroken = true
  const failure = { errorCode: 'X', detail: 'no', requestId: 'r-1' }
  await open({ 'GET /labels': () => (isBroken ? [400, failure] : [200, { data: [VIP] }]) })
  await screen.findByText('The labels could not be loaded.')
  expect(screen.getByText('r-1')).toBeTruthy()
  isBroken = false
  fireEvent.click(screen.getByRole('button', { name: 'Try again' }))
  await screen.findByText('Buys often')
})

test('an agent has no labels to change', async () => {
  await open({}, 'agent')
  await screen.findByRole('heading', { name: 'Your role does not include this' })
  expect(screen.queryByRole('button', { name: 'New label' })).toBeNull()
})

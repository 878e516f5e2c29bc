import { fireEvent, screen, waitFor, within } from '@testing-library/react'
import { beforeAll, expect, test } from 'vitest'
import type { Role } from '../../../lib/api/types.ts'
import { loadTexts } from '../../../lib/i18n/i18n.ts'
import { type Answers, openWithAnswers } from '../../../test/open-with-answers.ts'
import { settingsRoute } from '../route.ts'

const number = (id: string, companyName: string) => ({ id, companyName, verifiedName: null, whatsappNumber: '+212600' })
const HOURS = { intervals: [{ day: 1, from: '09:00', to: '18:00' }], holidays: ['2026-12-25'] }
const SHOWN = {
  ...{ greeting: null, away: 'We are closed', hours: HOURS, monthlyCap: null },
  ...{ price: { amount: 0.4, currency: 'MAD' }, spent: { month: '2026-11', count: 3, amount: 1.2 } },
}
const ADDRESS = '/phone-numbers/n1/automatic-answers'

beforeAll(() => loadTexts('features/settings/hours'))

const open = (answers: Answers = {}, role: Role = 'tenant_admin', search = '') =>
  openWithAnswers({
    ...{ page: settingsRoute, address: `/settings?section=hours${search}`, role },
    answers: {
      'GET /phone-numbers': [200, { data: [number('n1', 'Rabat'), number('n2', 'Fes')] }],
      [`GET ${ADDRESS}`]: [200, SHOWN],
      'GET /settings': [200, { timezone: 'Africa/Casablanca' }],
      ...answers,
    },
  })
const press = (name: string) => fireEvent.click(screen.getByRole('button', { name }))

test('what was changed of hours and answers is sent, and what an answer costs is said', async () => {
  const { calls } = await open({ [`PATCH ${ADDRESS}`]: body => [200, { ...SHOWN, ...(body as object) }] })
  fireEvent.click(await screen.findByLabelText('Greet who begins a conversation'))
  expect(screen.getByText(/costs/).textContent).toMatch(/MAD\s0\.40/)
  expect(screen.getByText(/sent this month/).textContent).toMatch(/3.*MAD\s1\.20/)
  fireEvent.change(screen.getByLabelText('Text of the greeting'), { target: { value: 'Welcome' } })
  fireEvent.change(screen.getByLabelText('Monday, to'), { target: { value: '00:00' } })
  press('Tuesday to Friday as Monday')
  press('Remove 25 December 2026')
  expect(screen.getByRole('status').textContent).toMatch(/2.*changes not saved/)
  press('Save')
  await waitFor(() => expect(screen.queryByRole('button', { name: 'Save' })).toBeNull())
  const intervals = [1, 2, 3, 4, 5].map(day => ({ day, from: '09:00', to: '24:00' }))
  const change = { hours: { intervals, holidays: [] }, greeting: 'Welcome' }
  expect(calls).toEqual([['PATCH', ADDRESS, { ...change, expected: { hours: HOURS, greeting: null } }]])
})

test('what is switched off and on again is as it was; what is refused stands at its field', async () => {
  const message = 'Must end after it begins'
  const { calls } = await open({
    [`PATCH ${ADDRESS}`]: [400, { errorCode: 'BODY_INVALID', detail: 'no', errors: [{ path: 'away', message }] }],
  })
  const away = await screen.findByLabelText('Answer who writes outside the working hours')
  fireEvent.click(away)
  fireEvent.click(away)
  expect(screen.getByLabelText<HTMLTextAreaElement>('Text of the away message').value).toBe('We are closed')
  expect(screen.queryByRole('button', { name: 'Save' })).toBeNull()
  fireEvent.change(screen.getByLabelText('Text of the away message'), { target: { value: 'Later' } })
  press('Save')
  await screen.findByText(message)
  const field = screen.getByLabelText('Text of the away message')
  expect([field.getAttribute('aria-invalid'), document.activeElement === field]).toEqual(['true', true])
  expect(calls).toHaveLength(1)
  press('Undo')
  expect(screen.getByLabelText<HTMLTextAreaElement>('Text of the away message').value).toBe('We are closed')
})

test('times that overlap are said, and an away message without hours is never sent', async () => {
  await open()
  fireEvent.click(await screen.findByRole('button', { name: 'Add times on Monday' }))
  fireEvent.change(screen.getAllByLabelText('Monday, from')[1] as HTMLElement, { target: { value: '17:00' } })
  expect(screen.getAllByText(/not meet another one of that day/)).toHaveLength(2)
  fireEvent.click(screen.getByLabelText('People answer at certain hours'))
  expect(screen.getByText('It is never sent: there are no working hours.')).toBeTruthy()
})

test('leaving with changes asks first', async () => {
  const { router } = await open()
  fireEvent.click(await screen.findByLabelText('Greet who begins a conversation'))
  fireEvent.click(screen.getByRole('link', { name: 'My account' }))
  const dialog = await screen.findByRole('dialog', { name: 'Leave without saving?' })
  fireEvent.click(within(dialog).getByRole('button', { name: 'Stay' }))
  await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull())
  expect(router.state.location.search).toMatchObject({ section: 'hours' })
  fireEvent.click(screen.getByRole('link', { name: 'My account' }))
  fireEvent.click(within(await screen.findByRole('dialog')).getByRole('button', { name: 'Leave' }))
  await waitFor(() => expect(router.state.location.search).toEqual({}))
})

test('an account without numbers is led to one', async () => {
  await open({ 'GET /phone-numbers': [200, { data: [] }] })
  await screen.findByRole('heading', { name: 'No number yet' })
})

test('answers that cannot be loaded can be asked for again', async () => {
  let isBroken = true
  await open({ [`GET ${ADDRESS}`]: () => (isBroken ? [400, { errorCode: 'X', detail: 'no' }] : [200, SHOWN]) })
  await screen.findByText('The answers of this number could not be loaded.')
  isBroken = false
  press('Try again')
  await screen.findByLabelText('Text of the away message')
})

test('a manager has no hours to change', async () => {
  await open({}, 'manager')
  await screen.findByRole('heading', { name: 'Your role does not include this' })
})

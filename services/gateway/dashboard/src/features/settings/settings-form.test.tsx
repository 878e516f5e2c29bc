import { fireEvent, screen, waitFor, within } from '@testing-library/react'
import { beforeAll, expect, test } from 'vitest'
import type { Role } from '../../lib/api/types.ts'
import { loadTexts } from '../../lib/i18n/i18n.ts'
import { type Answers, openWithAnswers } from '../../test/open-with-answers.ts'
import { settingsRoute } from './route.ts'

const SETTINGS = {
  ...{ timezone: 'Africa/Casablanca', currency: 'MAD', maxWaitHours: 24, unknownOutcome: 'fail', stopWords: ['STOP'] },
  ...{ leadsEnabled: true, sendReadReceipts: true, requireSecondFactor: false },
  ...{ agentsSeeOwnOnly: false, onlyAssigneeReplies: false, initiateTemplate: null, reengageTemplate: null },
  keepMessagesDays: null as number | null,
  assignment: { mode: 'round-robin', capacity: null, capacities: [], rules: [], giveBackMinutes: null },
  ...{ prices: [{ category: null, country: null, from: null, amount: 0.4 }], spendCeiling: null },
}
const LIMIT = { limit: null, used: 12, own: null, ceiling: 500 }
const LIMITS = {
  ...{ messagesPerMinute: LIMIT, messagesPerDay: { ...LIMIT, ceiling: null } },
  numbers: [
    { id: 'n1', whatsappNumber: '+212600', throughput: 80, maxPerSecond: null },
    { id: 'n2', whatsappNumber: '+212601', throughput: 80, maxPerSecond: 5 },
  ],
}

beforeAll(async () => {
  for (const folder of ['assignment', 'costs', 'limits']) await loadTexts(`features/settings/${folder}`)
})

const open = (section: string, answers: Answers = {}, role: Role = 'tenant_admin') =>
  openWithAnswers({
    ...{ page: settingsRoute, address: `/settings?section=${section}`, role },
    answers: {
      'GET /settings': [200, SETTINGS],
      'PATCH /settings': body => [200, { ...SETTINGS, ...(body as object) }],
      'GET /limits': [200, LIMITS],
      'PUT /limits': [200, LIMITS],
      'GET /limits/spend': [200, { spend: null }],
      'GET /labels': [200, { data: [{ id: 'l1', name: 'VIP', color: '#aa3300', description: null }] }],
      'GET /phone-numbers': [200, { data: [{ id: 'n1', companyName: 'Rabat' }] }],
      'GET /users/names': [200, { data: [{ id: 'u1', name: 'Sara', role: 'agent', availability: 'available' }] }],
      'GET /templates': [200, { data: [{ name: 'welcome', language: 'fr' }] }],
      ...answers,
    },
  })
const press = (name: string) => fireEvent.click(screen.getByRole('button', { name }))
const type = (label: string, value: string) => fireEvent.change(screen.getByLabelText(label), { target: { value } })
const untilSaved = () => waitFor(() => expect(screen.queryByRole('button', { name: 'Save' })).toBeNull())

test('the company: only what was changed is sent, empty words are left out, the bar goes', async () => {
  const { calls } = await open('company')
  fireEvent.change(await screen.findByLabelText('Words that opt out of marketing'), { target: { value: 'STOP\n\n ARRET ' } })
  fireEvent.change(screen.getByLabelText('When WhatsApp never says whether a message went out'), { target: { value: 'retry' } })
  press('Save')
  await untilSaved()
  const expected = { stopWords: ['STOP'], unknownOutcome: 'fail' }
  expect(calls).toEqual([['PATCH', '/settings', { stopWords: ['STOP', 'ARRET'], unknownOutcome: 'retry', expected }]])
})

test('what the server refuses stands at its field, which gets the focus', async () => {
  const message = 'Must be an IANA time zone'
  await open('company', {
    'PATCH /settings': [400, { errorCode: 'BODY_INVALID', detail: 'no', errors: [{ path: 'timezone', message }] }],
  })
  fireEvent.change(await screen.findByLabelText('Time zone'), { target: { value: 'Mars/Olympus' } })
  press('Save')
  await screen.findByText(message)
  expect(document.activeElement).toBe(screen.getByLabelText('Time zone'))
  expect(screen.queryByText(/refused/)).toBeNull()
})

test("somebody else's settings are shown beside one's own, and either can be chosen", async () => {
  const current = { ...SETTINGS, maxWaitHours: 48 }
  const errors = [{ path: 'maxWaitHours', message: 'x' }]
  const { calls } = await open('company', {
    'PATCH /settings': body =>
      (body as { expected: { maxWaitHours: number } }).expected.maxWaitHours === 48
        ? [200, { ...current, ...(body as object) }]
        : [409, { errorCode: 'CHANGED_MEANWHILE', detail: 'no', errors, current, changedBy: 'Youssef' }],
  })
  fireEvent.change(await screen.findByLabelText('Hours that a message may wait'), { target: { value: '12' } })
  press('Save')
  const alert = await screen.findByRole('alert')
  expect(alert.textContent).toMatch(/Youssef.*Saved now.*48.*Yours.*12/)
  fireEvent.click(within(alert).getByRole('button', { name: 'Save mine instead' }))
  await untilSaved()
  expect(calls.map(([, , body]) => body)).toEqual([
    { maxWaitHours: 12, expected: { maxWaitHours: 24 } },
    { maxWaitHours: 12, expected: { maxWaitHours: 48 } },
  ])
})

test('assignment: capacity, a rule for a label, visibility and the template of a closed window', async () => {
  const { calls } = await open('assignment')
  fireEvent.change(await screen.findByLabelText('Most open conversations of an agent'), { target: { value: '8' } })
  fireEvent.change(await screen.findByLabelText('Sara', { selector: '[type=number]' }), { target: { value: '3' } })
  press('Add rule')
  expect(screen.getByText('Choose at least one.')).toBeTruthy()
  await screen.findByRole('option', { name: 'VIP' })
  type('Label', 'VIP')
  fireEvent.click(screen.getByLabelText('Sara', { selector: '[type=checkbox]' }))
  fireEvent.click(screen.getByLabelText('Only the assignee may answer'))
  await waitFor(() => expect(screen.getAllByRole('option', { name: 'welcome (fr)' })).toHaveLength(2))
  type('For a closed window', 'welcome (fr)')
  press('Save')
  await untilSaved()
  const assignment = {
    ...{ mode: 'round-robin', capacity: 8, giveBackMinutes: null, capacities: [{ agentId: 'u1', capacity: 3 }] },
    rules: [{ label: 'VIP', clientId: null, agentIds: ['u1'] }],
  }
  const change = { assignment, onlyAssigneeReplies: true, reengageTemplate: { name: 'welcome', language: 'fr' } }
  const expected = { assignment: SETTINGS.assignment, onlyAssigneeReplies: false, reengageTemplate: null }
  expect(calls).toEqual([['PATCH', '/settings', { ...change, expected }]])
})

test('costs: a ceiling says what stops when, and prices are rows', async () => {
  const { calls } = await open('costs')
  fireEvent.click(await screen.findByLabelText('Stop before a month costs too much'))
  type('Most a month (MAD)', '2000')
  const steps = within(screen.getByRole('list', { name: 'What stops when' })).getAllByRole('listitem')
  expect(steps.map(step => step.textContent)).toEqual([
    '80%1,600a warning on every page',
    '90%1,800campaigns wait',
    '95.0%1,900other templates wait too',
    '100%2,000replies wait too, until the next month',
  ])
  press('Add price')
  const row = within(screen.getByRole('group', { name: 'Price 2' }))
  fireEvent.change(row.getByLabelText('Kind'), { target: { value: 'MARKETING' } })
  fireEvent.change(row.getByLabelText('Country'), { target: { value: 'fr' } })
  fireEvent.change(row.getByLabelText('Amount (MAD)'), { target: { value: '0.9' } })
  press('Save')
  await untilSaved()
  const spendCeiling = { amount: 2000, of: 'cost', campaignsStopAt: 90, templatesStopAt: 95 }
  const prices = [...SETTINGS.prices, { category: 'MARKETING', country: 'FR', from: null, amount: 0.9 }]
  expect(calls).toEqual([
    ['PATCH', '/settings', { spendCeiling, prices, expected: { spendCeiling: null, prices: SETTINGS.prices } }],
  ])
})

test('limits: of the numbers those alone that change, and what the platform allows is said', async () => {
  const { calls } = await open('limits')
  fireEvent.change(await screen.findByLabelText('Messages a minute'), { target: { value: '300' } })
  expect(screen.getByText(/The platform allows/).textContent).toMatch(/12.*used now.*allows.*500.*at most/)
  fireEvent.change(screen.getByLabelText(/second from .*\+212601/), { target: { value: '' } })
  press('Save')
  await untilSaved()
  const change = { messagesPerMinute: 300, numbers: [{ id: 'n2', maxPerSecond: null }] }
  const expected = { messagesPerMinute: null, numbers: [{ id: 'n2', maxPerSecond: 5 }] }
  expect(calls.filter(([method]) => method === 'PUT')).toEqual([['PUT', '/limits', { ...change, expected }]])
})

test('retention: the first number of days is saved only when it was typed once more', async () => {
  const { calls } = await open('retention')
  fireEvent.click(await screen.findByLabelText('Delete the content of old messages'))
  type('Days that messages are kept', '90')
  press('Save')
  const dialog = await screen.findByRole('dialog')
  expect(calls).toEqual([])
  const submit = within(dialog).getByRole<HTMLButtonElement>('button', { name: 'Delete for good' })
  const field = within(dialog).getByLabelText(/type the number of days: 90/)
  fireEvent.change(field, { target: { value: '9' } })
  expect(submit.disabled).toBe(true)
  fireEvent.change(field, { target: { value: '90' } })
  fireEvent.click(submit)
  await untilSaved()
  expect(screen.queryByRole('dialog')).toBeNull()
  expect(calls).toEqual([['PATCH', '/settings', { keepMessagesDays: 90, expected: { keepMessagesDays: null } }]])
})

test.for<[string, number, boolean]>([
  ['fewer', 60, true],
  ['more', 365, false],
])('retention: %s days ask: %s', async ([, days, asks]) => {
  const { calls } = await open('retention', { 'GET /settings': [200, { ...SETTINGS, keepMessagesDays: 90 }] })
  fireEvent.change(await screen.findByLabelText('Days that messages are kept'), { target: { value: String(days) } })
  press('Save')
  if (asks) {
    fireEvent.click(within(await screen.findByRole('dialog')).getByRole('button', { name: 'Cancel' }))
    expect(calls).toEqual([])
    expect(screen.getByRole('button', { name: 'Save' })).toBeTruthy()
  } else await waitFor(() => expect(calls).toHaveLength(1))
})

test('retention: for ever again asks nothing', async () => {
  const { calls } = await open('retention', { 'GET /settings': [200, { ...SETTINGS, keepMessagesDays: 90 }] })
  fireEvent.click(await screen.findByLabelText('Delete the content of old messages'))
  press('Save')
  await untilSaved()
  expect(calls).toEqual([['PATCH', '/settings', { keepMessagesDays: null, expected: { keepMessagesDays: 90 } }]])
})

test.each(['company', 'assignment', 'costs', 'limits', 'retention'])('%s that cannot be loaded says so', async section => {
  await open(section, {
    'GET /settings': [400, { errorCode: 'X', detail: 'no' }],
    'GET /limits': [400, { errorCode: 'X', detail: 'no' }],
  })
  await screen.findByText(/could not be loaded/)
})

test.each(['company', 'assignment', 'costs', 'limits', 'retention'])('%s is not for managers', async section => {
  await open(section, {}, 'manager')
  await screen.findByRole('heading', { name: 'Your role does not include this' })
})

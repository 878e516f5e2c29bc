import { fireEvent, screen, within } from '@testing-library/react'
import { beforeAll, expect, test, vi } from 'vitest'
import type { Role } from '../../../lib/api/types.ts'
import { loadTexts } from '../../../lib/i18n/i18n.ts'
import { type Answers, openWithAnswers } from '../../../test/open-with-answers.ts'
import { settingsRoute } from '../route.ts'

const AT = '2026-11-29T10:00:00.000Z'
const SUBSCRIPTION = {
  ...{ id: 'one', name: 'CRM', url: 'https://crm.example/hook', types: [], status: 'enabled', disabledReason: null },
  ...{ failingSince: null, lastDeliveredAt: null, lastProblem: null, replay: null },
  secrets: [{ id: 's', createdAt: AT, expiresAt: null }],
}
const ATTEMPT = { at: AT, durationMs: 120, status: 500, problem: 'answer', detail: 'out of order' }
const DELIVERY = {
  ...{
    id: 'd',
    subscriptionId: 'one',
    eventId: 'event-1',
    type: 'message.received',
    at: AT,
    state: 'failed',
    isTest: false,
    nextAttemptAt: null,
  },
  attempts: [ATTEMPT],
}

beforeAll(() => loadTexts('features/settings/events'))

/** Opens the section at an address; `answers` replace what the server says to a method and path. */
async function open({
  address = '',
  answers = {},
  role = 'tenant_admin' as Role,
}: {
  address?: string
  answers?: Answers
  role?: Role
} = {}) {
  const known: Answers = {
    'GET /event-subscriptions': [200, { data: [SUBSCRIPTION], nextCursor: null }],
    'GET /event-subscriptions/types': [200, { data: [{ type: 'message.received' }, { type: 'message.status' }] }],
    'GET /event-subscriptions/one': [200, SUBSCRIPTION],
    'GET /event-subscriptions/one/deliveries': [200, { data: [DELIVERY], nextCursor: null }],
    'GET /event-deliveries/d': [200, { ...DELIVERY, body: { type: 'message.received', data: { text: 'hello' } } }],
    ...answers,
  }
  const page = { page: settingsRoute, address: `/settings?section=events${address}`, role }
  return (await openWithAnswers({ ...page, answers: known })).calls
}

test('a subscription is made for some events, and its secret is shown once', async () => {
  const calls = await open({ answers: { 'POST /event-subscriptions': [201, { ...SUBSCRIPTION, secret: 'whsec_abc' }] } })
  fireEvent.click(await screen.findByRole('button', { name: 'New subscription' }))
  fireEvent.change(screen.getByLabelText('Address'), { target: { value: ' https://crm.example/hook ' } })
  fireEvent.click(screen.getByLabelText('Only these:'))
  const create = screen.getByRole<HTMLButtonElement>('button', { name: 'Create' })
  expect(create.disabled).toBe(true)
  fireEvent.click(await screen.findByLabelText('message.status'))
  fireEvent.click(create)
  await screen.findByText('whsec_abc')
  expect(calls).toEqual([
    ['POST', '/event-subscriptions', { name: '', url: 'https://crm.example/hook', types: ['message.status'] }],
  ])
  fireEvent.click(screen.getByRole('button', { name: 'I have kept it' }))
  expect(screen.queryByText('whsec_abc')).toBeNull()
})

test('an address that is refused is said at its field, and nothing is lost', async () => {
  const message = 'Must be a public https address on port 443: it is private'
  await open({
    answers: {
      'POST /event-subscriptions': [422, { errorCode: 'URL_REFUSED', detail: 'no', errors: [{ path: 'url', message }] }],
    },
  })
  fireEvent.click(await screen.findByRole('button', { name: 'New subscription' }))
  fireEvent.change(screen.getByLabelText('Address'), { target: { value: 'https://10.0.0.1/' } })
  fireEvent.click(screen.getByRole('button', { name: 'Create' }))
  await screen.findByText(message)
  const field = screen.getByLabelText<HTMLInputElement>('Address')
  expect([field.value, field.getAttribute('aria-invalid')]).toEqual(['https://10.0.0.1/', 'true'])
})

test('a delivery shows its attempts and what is posted, and goes out again', async () => {
  const calls = await open({ address: '&open=one', answers: { 'POST /event-deliveries/d/replay': [202, DELIVERY] } })
  const row = within(await screen.findByRole('list', { name: 'Deliveries of the last week' })).getByRole('listitem')
  expect(row.textContent).toMatch(/message\.received.*failed.*1 attempt.*The endpoint answered with an error\. HTTP 500/)
  fireEvent.click(within(row).getByRole('button', { name: 'Details' }))
  expect((await within(row).findByRole('list', { name: 'Attempts' })).textContent).toContain('out of order')
  await within(row).findByText(/"text": "hello"/)
  fireEvent.click(within(row).getByRole('button', { name: 'Deliver this again' }))
  await vi.waitFor(() => expect(calls).toEqual([['POST', '/event-deliveries/d/replay', null]]))
})

test('test, secret, replay and switch each ask the server for that', async () => {
  const calls = await open({
    address: '&open=one',
    answers: {
      'POST /event-subscriptions/one/test': [202, DELIVERY],
      'POST /event-subscriptions/one/rotate-secret': [201, { ...SUBSCRIPTION, secret: 'whsec_new' }],
      'POST /event-subscriptions/one/replay': [202, SUBSCRIPTION],
      'PATCH /event-subscriptions/one': [200, { ...SUBSCRIPTION, status: 'disabled', disabledReason: 'user' }],
    },
  })
  fireEvent.click(await screen.findByRole('button', { name: 'Send a test' }))
  fireEvent.click(screen.getByRole('button', { name: 'Replace secret' }))
  const dialog = screen.getByRole('dialog')
  fireEvent.change(within(dialog).getByLabelText('The old secret ends'), { target: { value: '0' } })
  fireEvent.click(within(dialog).getByRole('button', { name: 'Replace secret' }))
  await screen.findByText('whsec_new')
  fireEvent.click(screen.getByRole('button', { name: 'I have kept it' }))
  fireEvent.click(screen.getByRole('button', { name: 'Deliver again' }))
  fireEvent.click(within(screen.getByRole('dialog')).getByRole('button', { name: 'Deliver again' }))
  await vi.waitFor(() => expect(screen.queryByRole('dialog')).toBeNull())
  fireEvent.click(screen.getByRole('button', { name: 'Switch off' }))
  await vi.waitFor(() => expect(calls).toHaveLength(4))
  expect(calls).toEqual([
    ['POST', '/event-subscriptions/one/test', null],
    ['POST', '/event-subscriptions/one/rotate-secret', { overlapHours: 0 }],
    ['POST', '/event-subscriptions/one/replay', { from: expect.any(String), onlyFailed: true }],
    ['PATCH', '/event-subscriptions/one', { status: 'disabled' }],
  ])
})

test('one that Linko has switched off says why, and what to do', async () => {
  const stopped = { ...SUBSCRIPTION, status: 'disabled', disabledReason: 'failing', failingSince: AT, lastProblem: 'timeout' }
  await open({ address: '&open=one', answers: { 'GET /event-subscriptions/one': [200, stopped] } })
  await screen.findByText('switched off by Linko')
  expect(screen.getByText(/Repair the endpoint/).textContent).toContain('did not answer in time')
  expect(screen.getByRole('button', { name: 'Switch on' })).toBeTruthy()
})

test('nothing there, and what cannot be loaded, are said', async () => {
  await open({ answers: { 'GET /event-subscriptions': [200, { data: [], nextCursor: null }] } })
  await screen.findByRole('heading', { name: 'No subscriptions' })
})

test('a list that cannot be loaded says so and can be asked for again', async () => {
  const answers: Answers = { 'GET /event-subscriptions': [400, { errorCode: 'X', detail: 'no', requestId: 'r-1' }] }
  await open({ answers })
  await screen.findByText('The subscriptions could not be loaded.')
  expect(screen.getByText('r-1')).toBeTruthy()
})

test('who may not see subscriptions is told so', async () => {
  await open({ role: 'manager' })
  await screen.findByRole('heading', { name: 'Your role does not include this' })
  expect(screen.queryByRole('button', { name: 'New subscription' })).toBeNull()
})

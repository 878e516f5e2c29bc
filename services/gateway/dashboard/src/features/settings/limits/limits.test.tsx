import { fireEvent, screen, waitFor, within } from '@testing-library/react'
import { beforeAll, expect, test } from 'vitest'
import { loadTexts } from '../../../lib/i18n/i18n.ts'
import { type Answers, openWithAnswers } from '../../../test/open-with-answers.ts'
import { settingsRoute } from '../route.ts'

const LIMIT = { limit: null, used: 12, own: null, ceiling: null }
const LIMITS = {
  ...{ messagesPerMinute: LIMIT, messagesPerDay: LIMIT },
  numbers: [
    { id: 'n1', whatsappNumber: '+212600', throughput: 80, maxPerSecond: null },
    { id: 'n2', whatsappNumber: '+212601', throughput: 80, maxPerSecond: null },
    { id: 'n3', whatsappNumber: '+212602', throughput: 80, maxPerSecond: null },
  ],
}
const same = (value: number | null) => ({ before: value, after: value })
const NONE = { chat: same(0), campaign: same(0) }
const backlog = (clientId: string, reasons: Record<string, number>) => ({
  clientId,
  classes: [{ class: 'chat', waiting: 0, isExact: true, reasons }],
})
const PREVIEW = {
  before: [backlog('n1', { rate: 600, scheduled: 7 }), backlog('n2', { ready: 10 }), backlog('n3', {})],
  effects: [
    {
      ...{ clientId: 'n1', whatsappNumber: '+212600', isNamed: true, shares: [] },
      messagesPerSecond: { before: 80, after: 1 },
      secondsLeft: { chat: { before: 8, after: 600 }, campaign: same(null) },
      campaigns: [{ id: 'c1', name: 'October', left: 2500, secondsLeft: { before: 40, after: 3000 } }],
    },
    {
      ...{ clientId: 'n2', whatsappNumber: '+212601', isNamed: false, shares: ['minute', 'account'] },
      messagesPerSecond: { before: 5, after: 9 },
      secondsLeft: { chat: { before: 40, after: 34 }, campaign: same(0) },
      campaigns: [],
    },
    {
      ...{ clientId: 'n3', whatsappNumber: '+212602', isNamed: false, shares: ['minute'] },
      ...{ messagesPerSecond: same(80), secondsLeft: NONE, campaigns: [] },
    },
  ],
}
const QUIET = { before: [backlog('n1', { scheduled: 7 })], effects: [{ ...PREVIEW.effects[2], shares: [] }] }

beforeAll(() => loadTexts('features/settings/limits'))

async function open(answers: Answers = {}) {
  const opened = await openWithAnswers({
    ...{ page: settingsRoute, address: '/settings?section=limits' },
    answers: { 'GET /limits': [200, LIMITS], 'POST /limits/preview': [200, PREVIEW], ...answers },
  })
  await screen.findByLabelText('Messages a minute')
  return opened
}
const type = (label: string | RegExp, value: string) => fireEvent.change(screen.getByLabelText(label), { target: { value } })
const effect = () => within(screen.getByRole('region', { name: 'Effect on what waits now' }))
const wordsOf = (element: HTMLElement) => element.textContent?.replaceAll(/[\u2066-\u2069]/g, '')

test('what changed limits would do to each number and campaign is shown before they are saved', async () => {
  const { calls } = await open()
  expect(screen.queryByText('Effect on what waits now')).toBeNull()
  type(/second from .*\+212600/, '1')
  await waitFor(() => expect(effect().getAllByRole('row')).toHaveLength(3))
  const cells = effect()
    .getAllByRole('row')
    .map(row => [...row.children].map(cell => wordsOf(cell as HTMLElement)))
  expect(cells).toEqual([
    ['Number', 'Messages a second', 'Replies gone in', 'Campaigns gone in'],
    ['+212600', '80 → 1', '8 sec → 10 min', 'on hold'],
    ['+212601shares the limit a minute and the WhatsApp account', '5 → 9', '40 sec → 34 sec', '–'],
  ])
  expect(wordsOf(effect().getByRole('status'))).toBe('610 messages wait now.')
  expect(wordsOf(effect().getByRole('listitem'))).toBe('October: 2,500 people left, done in 40 sec → 50 min')
  expect(effect().getByText('One number stays as it is.')).toBeTruthy()
  expect(calls).toEqual([['POST', '/limits/preview', { numbers: [{ id: 'n1', maxPerSecond: 1 }] }]])
  fireEvent.click(screen.getByRole('button', { name: 'Undo' }))
  expect(screen.queryByText('Effect on what waits now')).toBeNull()
})

test('while somebody types, the effect of what stands there after a pause is asked for, and the old one is marked', async () => {
  const { calls } = await open({
    'POST /limits/preview': body => [200, (body as { messagesPerMinute: number }).messagesPerMinute === 600 ? PREVIEW : QUIET],
  })
  for (const typed of ['6', '60', '600']) type('Messages a minute', typed)
  const region = screen.getByRole('region', { name: 'Effect on what waits now' })
  expect(region.getAttribute('aria-busy')).toBe('true')
  await effect().findByText(/messages wait now/)
  expect(region.getAttribute('aria-busy')).toBe('false')
  type('Messages a minute', '900')
  expect(region.getAttribute('aria-busy')).toBe('true')
  expect(effect().getByText(/messages wait now/)).toBeTruthy()
  await effect().findByText(/Nothing waits for these limits now/)
  expect(effect().queryByRole('table')).toBeNull()
  expect(calls.map(([, , body]) => body)).toEqual([{ messagesPerMinute: 600 }, { messagesPerMinute: 900 }])
})

test('limits that cannot be saved are said, with the reason', async () => {
  const errors = [{ path: 'messagesPerDay', message: 'The platform allows this account at most 500.' }]
  await open({ 'POST /limits/preview': [422, { errorCode: 'LIMIT_ABOVE_CEILING', detail: 'At most 500.', errors }] })
  type('Messages a day', '600')
  expect(wordsOf(await effect().findByRole('alert'))).toBe('These limits cannot be saved. At most 500.')
})

test('an effect that the server cannot work out can be asked for again, and does not keep one from saving', async () => {
  let isBroken = true
  const { queryClient } = await open({
    'POST /limits/preview': () => (isBroken ? [503, { errorCode: 'UNAVAILABLE', detail: 'no' }] : [200, QUIET]),
  })
  queryClient.setDefaultOptions({ queries: { retry: false } })
  type('Messages a day', '600')
  await effect().findByText('The effect could not be worked out.')
  expect(screen.getByRole<HTMLButtonElement>('button', { name: 'Save' }).disabled).toBe(false)
  isBroken = false
  fireEvent.click(effect().getByRole('button', { name: 'Try again' }))
  await effect().findByText(/Nothing waits for these limits now/)
})

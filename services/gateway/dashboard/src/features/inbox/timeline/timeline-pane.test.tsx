import { fireEvent, screen, waitFor, within } from '@testing-library/react'
import { beforeAll, expect, test } from 'vitest'
import { loadTexts } from '../../../lib/i18n/i18n.ts'
import { type Answers, openWithAnswers } from '../../../test/open-with-answers.ts'
import { inboxRoute } from '../route.ts'

const at = (ms: number) => new Date(Date.parse('2026-11-29T08:00:00.000Z') + ms).toISOString()
const step = (kind: string, afterMs: number) => ({
  ...{ kind, at: at(afterMs), afterMs, isOpen: false, ms: null, reason: null, times: null, attempt: null, outcome: null },
  ...{ httpStatus: null, code: null, traceId: null, error: null, detail: null },
})
const TIMELINE = {
  ...{ messageId: 'm1', isTruncated: false, steps: [step('received', 0)] },
  totals: { sentMs: null, deliveredMs: null, readMs: null },
}
const hop = (name: string, afterMs: number, by: string, more: object = {}) => ({
  ...{ hop: name, at: at(afterMs), afterMs, by, precisionMs: 1, about: null, attempt: null, detail: null },
  ...more,
})
const NOTHING = { messageId: 'm1', externalMessageId: 'wamid.1', direction: 'INBOUND', status: 'READ', pending: [], expired: [] }
const CAME_IN = {
  ...NOTHING,
  hops: [
    hop('received', 0, 'ingest'),
    hop('published', 1000, 'rabbitmq', { precisionMs: 1000 }),
    hop('recorded', 1030, 'ingest'),
    hop('numbered', 1040, 'mongodb', { detail: 'seq 7' }),
  ],
  pending: [{ hop: 'emitted', about: null }],
}
const WENT_OUT = {
  ...{ ...NOTHING, direction: 'OUTBOUND', expired: ['events'] },
  hops: [
    hop('accepted', 0, 'gateway', { detail: 'by Salma' }),
    hop('enqueued', 0, 'rabbitmq', { attempt: 1, precisionMs: 1000 }),
    hop('taken', 50, 'sender', { attempt: 1 }),
    hop('posted', 80, 'sender', { attempt: 1 }),
    hop('answered', 10_080, 'sender', { attempt: 1, detail: 'unknown' }),
    hop('taken', 20_000, 'sender', { attempt: 2 }),
    hop('answered', 20_100, 'meta', { attempt: 2, detail: 'accepted, HTTP 200' }),
    hop('status', 22_000, 'meta', { about: 'DELIVERED', precisionMs: 1000 }),
    hop('received', 22_600, 'ingest', { about: 'DELIVERED' }),
  ],
}

// The page is large, and comes in later chunks: a test does not wait for them.
beforeAll(async () => {
  await Promise.all([loadTexts('features/inbox/timeline'), import('../page.tsx'), import('./timeline-pane.tsx')])
}, 60_000)

async function open(trace: Answers[string]) {
  await openWithAnswers({
    ...{ page: inboxRoute, address: '/inbox/c1?message=m1', role: 'agent' },
    answers: {
      'GET /messages/by-id/m1/timeline': [200, TIMELINE],
      'GET /messages/by-id/m1/trace': trace,
    },
  })
  return within(await screen.findByRole('region', { name: 'Hops through the platform' }))
}
const words = (text: string | null) => text?.replaceAll(/[\u2066-\u2069\u200e]/g, '')
/** Name, part and distance of each hop that is shown. */
const rows = (items: HTMLElement[]) =>
  items.map(item => {
    const [name, by] = within(item)
      .getAllByRole('paragraph')
      .map(one => words(one.textContent))
    const time = item.querySelector('time')
    return [name, by ?? null, words((time ? time.nextElementSibling : item.lastElementChild)?.textContent ?? null) ?? null]
  })

test('the hops of a message that came in are shown with their part, the distance to the one before, and what is still to come', async () => {
  const hops = await open([200, CAME_IN])
  await hops.findByText('Recorded')
  expect(rows(hops.getAllByRole('listitem'))).toEqual([
    ['Webhook received', 'ingest', null],
    ['Webhook queued', 'RabbitMQ', '≈ +1 sec'],
    ['Recorded', 'ingest', '≈ +30 ms'],
    ['Event numbered', 'MongoDB · seq 7', '+10 ms'],
    ['Emitted to the browsers', null, 'still to come'],
  ])
  const times = hops.getAllByRole('time').map(time => [time.getAttribute('datetime'), time.textContent?.slice(-4)])
  // A clock that tells whole seconds is shown with no more.
  expect(times).toEqual([
    [at(0), '.000'],
    [at(1000), '0:01'],
    [at(1030), '.030'],
    [at(1040), '.040'],
  ])
  expect(
    within(screen.getByRole('complementary', { name: 'Timeline of the message' })).getByText('Received from WhatsApp'),
  ).toBeTruthy()
})

test('those of a message that went out name their attempt or report, and what was deleted by its age is said', async () => {
  const hops = await open([200, WENT_OUT])
  await hops.findByText('Request accepted')
  expect(rows(hops.getAllByRole('listitem'))).toEqual([
    ['Request accepted', 'gateway · by Salma', null],
    ['Send job queued, attempt 1', 'RabbitMQ', null],
    ['Taken by a sender, attempt 1', 'sender', '≈ +50 ms'],
    ['Posted to WhatsApp, attempt 1', 'sender', '+30 ms'],
    ['Ended without an answer of WhatsApp, attempt 1', 'sender · unknown', '+10 sec'],
    ['Taken by a sender, attempt 2', 'sender', '+9.9 sec'],
    ['Answer of WhatsApp, attempt 2', 'WhatsApp · accepted, HTTP 200', '+100 ms'],
    ['WhatsApp’s clock: Delivered', 'WhatsApp', '≈ +1.9 sec'],
    ['Webhook received (Delivered)', 'ingest', '≈ +600 ms'],
  ])
  expect(hops.getByText('Hops to the browsers are kept for a day.')).toBeTruthy()
  expect(hops.queryByText(/kept for 30 days/)).toBeNull()
})

test('hops that cannot be loaded leave the timeline as it is, and can be asked for again', async () => {
  let isBroken = true
  const hops = await open(() => (isBroken ? [422, { errorCode: 'X', detail: 'no' }] : [200, CAME_IN]))
  await hops.findByText('The hops could not be loaded.')
  expect(screen.getByText('Received from WhatsApp')).toBeTruthy()
  isBroken = false
  fireEvent.click(hops.getByRole('button', { name: 'Try again' }))
  await hops.findByText('Recorded')
  await waitFor(() => expect(hops.queryByRole('alert')).toBeNull())
})

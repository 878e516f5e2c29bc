import { fireEvent, screen, waitFor, within } from '@testing-library/react'
import { expect, onTestFinished, test, vi } from 'vitest'
import type { Role } from '../../lib/api/types.ts'
import { setLanguage } from '../../lib/i18n/i18n.ts'
import { openPage } from '../../test/open-page.tsx'
import { analyticsRoute } from './route.ts'
import { dayAfter } from './search.ts'

const TODAY = '2026-11-29'
const NUMBER = '0000000000000000000000aa'
const SALMA = '0000000000000000000000bb'

const COUNTS = { received: 40, sent: 100, delivered: 80, read: 60, failed: 25 }
const NOTHING = { received: 0, sent: 0, delivered: 0, read: 0, failed: 0 }
const wait = (count: number, medianMs: number | null, p90Ms = medianMs) => ({ count, medianMs, p90Ms })
const NO_WAITS = { first: wait(0, null), reply: wait(0, null), resolution: wait(0, null) }
const WAITS = { first: wait(8, 112_000, 300_000), reply: wait(12, 90_000), resolution: wait(3, 7_200_000) }
const COSTS = { messages: 100, cost: { MAD: 40 }, metaCost: { USD: 3 }, unknownRates: 2, reported: 90 }

const daysOf = (from: string, to: string) => {
  const days = [from]
  while ((days.at(-1) as string) < to) days.push(dayAfter(days.at(-1) as string, 1))
  return days
}

/** The server's reports: everything happened today, unless `isEmpty`. */
function reportOf(name: string, query: URLSearchParams, isEmpty: boolean): object {
  const to = query.get('to') ?? TODAY
  const from = query.get('from') ?? dayAfter(to, -29)
  const by = query.get('by')
  const head = { from, to, timezone: 'Africa/Casablanca', countedAt: '2026-11-29T12:00:00.000Z', isRebuilding: false }
  const named = (key: string | null, name = key) => ({ key, name })
  const divided = <Row extends object>(row: Row, none: Row) => {
    if (by === 'day') return daysOf(from, to).map(day => ({ ...named(day), ...(day === TODAY && !isEmpty ? row : none) }))
    if (isEmpty) return []
    if (by === 'template') return [{ ...named('order_shipped'), ...row }]
    if (by === 'category') return [{ ...named('marketing'), ...row }]
    return [{ ...named(by === 'agent' ? SALMA : NUMBER, by === 'agent' ? 'Salma' : 'Rabat'), ...row }]
  }
  const totals = (of: object, none: object) => (isEmpty || to < TODAY ? none : of)
  if (name === 'messages') return { ...head, totals: totals(COUNTS, NOTHING), data: divided(COUNTS, NOTHING) }
  if (name === 'response-times') return { ...head, totals: totals(WAITS, NO_WAITS), data: divided(WAITS, NO_WAITS) }
  if (name === 'cost') {
    const none = { messages: 0, cost: {}, metaCost: {}, unknownRates: 0, reported: 0 }
    const bill = query.get('agentId') || query.get('template') ? null : { amounts: { USD: 2.5 }, freeReplies: 4 }
    return { ...head, totals: totals(COSTS, none), bill, data: divided(COSTS, none) }
  }
  if (name === 'hours') {
    const data = isEmpty ? [] : [{ weekday: 2, hour: 14, messages: 33 }]
    return { ...head, totals: { messages: isEmpty ? 0 : 33 }, data }
  }
  const failure = {
    code: 131026,
    key: null,
    title: 'Not on WhatsApp',
    sentence: 'No.',
    nextStep: 'Check the number.',
    messages: 25,
  }
  if (name === 'ads')
    return {
      ...{ ...head, totals: { messages: isEmpty ? 0 : 9 } },
      data: isEmpty
        ? []
        : [
            { adId: '120', headline: 'Jobs in Fès', messages: 8 },
            { adId: '121', headline: null, messages: 1 },
          ],
    }
  return { ...head, totals: { messages: isEmpty ? 0 : 25 }, data: isEmpty ? [] : [failure] }
}

interface Options {
  role?: Role
  isEmpty?: boolean
  /** An answer in place of the report's; null: the report. */
  own?: (path: string, query: URLSearchParams) => Response | null
}

async function open(address = '/analytics', { role = 'manager', isEmpty = false, own = () => null }: Options = {}) {
  const calls: string[] = []
  vi.stubGlobal('fetch', async (url: string) => {
    const { pathname, searchParams, search } = new URL(url, 'http://linko')
    const path = pathname.replace('/api/v1', '')
    calls.push(`${path}${search}`)
    const answer = own(path, searchParams)
    if (answer) return answer
    if (path.endsWith('.csv')) return new Response('key,name\n')
    if (path.startsWith('/analytics/')) return Response.json(reportOf(path.slice('/analytics/'.length), searchParams, isEmpty))
    if (path === '/conversations')
      return Response.json({
        data: isEmpty ? [] : [{ waitingSince: new Date(Date.now() - 22 * 60_000 - 5000).toISOString() }],
        unattended: isEmpty ? 0 : 5,
      })
    if (path === '/phone-numbers')
      return Response.json({
        data: [
          { id: NUMBER, companyName: 'Rabat' },
          { id: 'x', companyName: 'Fes' },
        ],
      })
    return Response.json({ data: path === '/users/names' ? [{ id: SALMA, name: 'Salma', role: 'agent' }] : [] })
  })
  onTestFinished(() => void vi.unstubAllGlobals())
  const { router, container } = await openPage(analyticsRoute, address, { role })
  return { calls, router, container }
}

const section = (name: string) => screen.findByRole('region', { name })

/** The figures by their names, with what stands below. */
const figuresOf = (container: HTMLElement) =>
  Object.fromEntries(
    [...container.querySelectorAll('[data-figures] > div')].map(one => [
      one.querySelector('dt')?.textContent,
      [...one.querySelectorAll('dd')].map(dd => dd.textContent?.replaceAll('\u00a0', ' ')),
    ]),
  )

test('seven figures say what is to be done first, shares with their counts, and money in its currency', async () => {
  const { container } = await open()
  await waitFor(() =>
    expect(figuresOf(container)).toEqual({
      'Unattended now': ['5', 'the first for 22 min'],
      'Median first reply': ['1 min 52 sec', ''],
      Sent: ['100', ''],
      Delivered: ['80%', '80'],
      Read: ['60%', '60'],
      Failed: ['20%', '25 messages'],
      Cost: ['MAD 40.00', 'MAD 0.40 a message'],
    }),
  )
  const link = screen.getByRole('link', { name: '5' })
  expect(decodeURIComponent(link.getAttribute('href') ?? '')).toBe('/inbox?tab=all&unattended=true&sort=waiting')
})

test('a period before is compared in words', async () => {
  const own = (path: string, query: URLSearchParams) => {
    if ((query.get('to') ?? TODAY) === TODAY || path === '/conversations') return null
    const totals = path === '/analytics/messages' ? { ...COUNTS, sent: 80 } : { ...WAITS, first: wait(8, 136_000) }
    return Response.json({ ...reportOf(path.slice('/analytics/'.length), query, false), totals })
  }
  const { container } = await open('/analytics', { own })
  await waitFor(() => {
    expect(figuresOf(container).Sent).toEqual(['100', '25% more'])
    expect(figuresOf(container)['Median first reply']).toEqual(['1 min 52 sec', '24 sec faster'])
  })
})

test('the columns of a day are its messages, each once, and arrow keys read them out', async () => {
  const { container } = await open()
  const slider = await within(await section('Messages sent')).findByRole('slider')
  const parts = [...container.querySelectorAll('rect[data-part]')]
  expect(parts.map(part => part.getAttribute('data-part'))).toEqual(['read', 'delivered', 'sent', 'failed'])
  expect(slider.getAttribute('aria-valuetext')).toBe('Sun 29 November, so far: Read 60, Delivered 20, Sent 20, Failed 25')
  fireEvent.keyDown(slider, { key: 'ArrowLeft' })
  expect(slider.getAttribute('aria-valuetext')).toBe('Sat 28 November: Read 0, Delivered 0, Sent 0, Failed 0')
  fireEvent.keyDown(slider, { key: 'Home' })
  expect(slider.getAttribute('aria-valuenow')).toBe('0')
  fireEvent.keyDown(slider, { key: 'ArrowLeft' })
  expect(slider.getAttribute('aria-valuenow')).toBe('0')
})

test('in Arabic time runs to the left, and so does the cursor', async () => {
  await setLanguage('ar')
  onTestFinished(() => setLanguage('en'))
  await open()
  const slider = await within(await section('الرسائل المرسلة')).findByRole('slider')
  const now = () => Number(slider.getAttribute('aria-valuenow'))
  const last = now()
  fireEvent.keyDown(slider, { key: 'ArrowRight' })
  expect(now()).toBe(last - 1)
  fireEvent.keyDown(slider, { key: 'ArrowLeft' })
  expect(now()).toBe(last)
})

test('what is drawn is there as a table, too', async () => {
  await open()
  const sent = await section('Messages sent')
  await within(sent).findByRole('slider')
  fireEvent.click(within(sent).getByRole('button', { name: 'Messages sent: as a table' }))
  const rows = within(sent).getAllByRole('row')
  expect(rows).toHaveLength(31)
  expect(rows.at(-1)?.textContent).toBe('Sun 29 November6020202540')
  const replies = await section('First reply')
  fireEvent.click(within(replies).getByRole('button', { name: 'First reply: as a table' }))
  expect(within(replies).getAllByRole('row').at(-1)?.textContent).toContain('1 min 52 sec')
  // No answer on a day is not an answer in no time.
  expect(within(replies).getAllByRole('row')[1]?.textContent).toContain('––0')
})

test('tables say why messages failed, when people write, and set the prices beside Meta’s bill', async () => {
  await open()
  const failures = await section('Why messages failed')
  expect((await within(failures).findByRole('row', { name: /131026/ })).textContent).toContain('Check the number.25')
  const hours = await section('When people write')
  expect((await within(hours).findByText(/Busiest/)).textContent).toContain('Busiest: Tue 14:00, 33 messages.')
  expect(within(hours).getAllByRole('cell').length).toBeGreaterThanOrEqual(7 * 24)
  const bill = await section('Your prices and Meta’s bill')
  const lines = (await within(bill).findAllByRole('row')).map(row => row.textContent?.replaceAll('\u00a0', ' '))
  expect(lines).toEqual(['By your own pricesMAD 40.00', 'By Meta’s ratesUS$3.00', '4 free replies−US$0.50', 'Meta billsUS$2.50'])
  within(bill).getByText(/rate of/)
  const ads = await section('Which ads bring customers')
  expect((await within(ads).findByRole('row', { name: /Jobs in Fès/ })).textContent).toContain('1208')
  await within(ads).findByRole('row', { name: /^121/ })
  const agents = await section('Who answers')
  expect((await within(agents).findByRole('link', { name: 'Salma' })).getAttribute('href')).toContain(`assignee=${SALMA}`)
})

test('the period is in the address and is asked for in the days of the account', async () => {
  const { calls, router } = await open('/analytics?days=7')
  await section('Messages sent')
  await waitFor(() => expect(calls).toContain('/analytics/messages?from=2026-11-23&to=2026-11-29&by=day'))
  // Nothing is shown of days that are not known yet.
  expect(calls.filter(call => call.startsWith('/analytics/messages?by=day'))).toEqual([])
  await screen.findByText(/Africa\/Casablanca/)
  fireEvent.change(screen.getByLabelText('Period'), { target: { value: 'own' } })
  fireEvent.change(await screen.findByLabelText('First day'), { target: { value: '2026-11-01' } })
  await waitFor(() => expect(router.state.location.search).toEqual({ from: '2026-11-01', to: '2026-11-29' }))
  await waitFor(() => expect(calls).toContain('/analytics/hours?from=2026-11-01&to=2026-11-29'))
})

test('filters narrow what they can; where they cannot, it is said', async () => {
  const { calls } = await open(`/analytics?number=${NUMBER}&agent=${SALMA}&template=order_shipped`)
  await section('Who answers')
  const all = `clientId=${NUMBER}&agentId=${SALMA}`
  await waitFor(() => {
    expect(calls).toContain(`/analytics/messages?${all}&template=order_shipped&by=day`)
    expect(calls).toContain(`/analytics/failures?${all}&template=order_shipped`)
    expect(calls).toContain(`/analytics/response-times?${all}&by=day`)
    expect(calls).toContain(`/analytics/hours?clientId=${NUMBER}`)
  })
  expect(screen.getAllByText(/Times are not counted by template/)).toHaveLength(2)
  expect(screen.getAllByText(/has no agent and no template/)).toHaveLength(2)
  await screen.findByText(/Meta’s bill is known for all messages of a number only/)
  fireEvent.click(screen.getByRole('button', { name: 'Take the filters away' }))
  await waitFor(() => expect(screen.queryByText(/Times are not counted by template/)).toBeNull())
})

test('a report is saved with the days and filters that are shown; a refusal is said', async () => {
  let isRefused = false
  const own = (path: string) =>
    path.endsWith('.csv') && isRefused ? Response.json({ detail: 'Not now.', errorCode: 'X' }, { status: 422 }) : null
  const { calls } = await open('/analytics?cost=category', { own })
  const saved: string[] = []
  URL.createObjectURL = () => 'blob:x'
  vi.spyOn(HTMLAnchorElement.prototype, 'click').mockImplementation(function click(this: HTMLAnchorElement) {
    saved.push(this.download)
  })
  onTestFinished(() => void vi.restoreAllMocks())
  const costs = await section('What messages cost')
  await within(costs).findByText('Marketing')
  fireEvent.click(within(costs).getByRole('button', { name: 'What messages cost: save as CSV' }))
  await waitFor(() => expect(saved).toEqual(['cost-by-category.csv']))
  expect(calls).toContain('/analytics/cost/export.csv?by=category')
  isRefused = true
  fireEvent.click(within(costs).getByRole('button', { name: 'What messages cost: save as CSV' }))
  await within(costs).findByText('Not now.')
})

test('without messages there are frames that say so, and no invented zeros', async () => {
  const { container } = await open('/analytics', { isEmpty: true })
  await waitFor(() => expect(screen.getAllByText('No data in this period.')).toHaveLength(9))
  expect(screen.queryByRole('slider')).toBeNull()
  const figures = figuresOf(container)
  expect(figures['Unattended now']).toEqual(['0', 'nobody waits'])
  expect(figures.Delivered?.[0]).toBe('–Nothing was sent in this period.')
  expect(figures['Median first reply']?.[0]).toBe('–No first reply in this period.')
})

test('a report that cannot be loaded says so and is loaded again; the others are there', async () => {
  let isBroken = true
  const own = (path: string) =>
    path === '/analytics/hours' && isBroken ? Response.json({ detail: 'no', requestId: 'r1' }, { status: 403 }) : null
  await open('/analytics', { own })
  const hours = await section('When people write')
  await within(hours).findByText('This could not be loaded.')
  await within(await section('Who answers')).findByText('Salma')
  isBroken = false
  fireEvent.click(within(hours).getByRole('button', { name: 'Try again' }))
  await within(hours).findByText(/Busiest/)
})

test('while counters are built it is said that figures are missing', async () => {
  const own = (path: string) =>
    path === '/analytics/messages'
      ? Response.json({ ...reportOf('messages', new URLSearchParams('by=day'), true), countedAt: null, isRebuilding: true })
      : null
  await open('/analytics', { own })
  await screen.findByText(/counted for the first time/)
})

test('a role without the right is told so, and nothing is asked for', async () => {
  const { calls } = await open('/analytics', { role: 'agent' })
  await screen.findByText('Your role does not include this')
  expect(calls).toEqual([])
})

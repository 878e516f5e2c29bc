import { fireEvent, screen, within } from '@testing-library/react'
import { expect, onTestFinished, test, vi } from 'vitest'
import type { Role } from '../../lib/api/types.ts'
import { applyEvents } from '../../lib/data/patches.ts'
import { openPage } from '../../test/open-page.tsx'
import type { Template } from './data.ts'
import { templatesRoute } from './route.ts'

const id = (n: number) => String(n).padStart(24, '0')
const template = (n: number, more: Partial<Template> = {}): Template => ({
  ...{ id: id(n), name: `template_${n}`, language: 'fr', category: 'UTILITY', status: 'APPROVED', reason: null },
  ...{ components: [{ type: 'BODY', text: 'Hello' }], variables: [], submission: 'SUBMITTED', submissionDetail: null },
  ...{ parameterFormat: 'POSITIONAL', nextEditAt: null },
  ...{ quality: 'GREEN', categoryChange: null, usageCount: 0, lastUsedAt: null },
  ...more,
})
const ORDER = template(1, {
  name: 'order_shipped',
  components: [
    { type: 'HEADER', format: 'TEXT', text: 'Order {{1}}' },
    { type: 'BODY', text: 'Hello *{{1}}*, {{2}} <b>comes</b>' },
    { type: 'FOOTER', text: 'Atlas shop' },
    {
      type: 'BUTTONS',
      buttons: [
        { type: 'QUICK_REPLY', text: 'Stop' },
        { type: 'COPY_CODE', example: 'X' },
      ],
    },
  ],
  variables: [
    { name: 'header', position: 1, component: 'HEADER', example: 'A-17' },
    { name: 'first_name', position: 1, component: 'BODY', example: 'Leila' },
    { name: '2', position: 2, component: 'BODY', example: null },
  ],
})
const REFUSED = template(2, { name: 'summer_sale', status: 'REJECTED', reason: 'PROMOTIONAL', quality: 'UNKNOWN' })

type Answer = (path: string, query: URLSearchParams, method: string) => [status: number, body: object]

const pageOf = (data: object[], nextCursor: string | null = null) => ({ data, nextCursor, hasMore: nextCursor !== null })

/** The server has these templates and no sync, unless `own` answers. */
const serverOf =
  (templates: Template[], own: (...given: Parameters<Answer>) => ReturnType<Answer> | null = () => null): Answer =>
  (path, query, method) => {
    const answer = own(path, query, method)
    if (answer) return answer
    if (path === '/jobs') return [200, pageOf([])]
    if (path === '/templates') return [200, pageOf(templates.filter(({ status }) => status === (query.get('status') ?? status)))]
    return [200, templates.find(one => path === `/templates/${one.id}`) ?? {}]
  }

async function open(address: string, answer: Answer, role: Role = 'manager') {
  const calls: string[] = []
  vi.stubGlobal('fetch', async (url: string, { method = 'GET' }: RequestInit) => {
    const { pathname, searchParams, search } = new URL(url, 'http://linko')
    calls.push(`${method} ${pathname.replace('/api/v1', '')}${search}`)
    // The server takes no larger page.
    expect(Number(searchParams.get('limit') ?? 1)).toBeLessThanOrEqual(100)
    const [status, body] = answer(pathname.replace('/api/v1', ''), searchParams, method)
    return Response.json(body, { status })
  })
  onTestFinished(() => void vi.unstubAllGlobals())
  const { router, queryClient } = await openPage(templatesRoute, address, { role })
  return { calls, router, queryClient }
}

test('each template says state, language, category and quality; a refused one says why and what to do', async () => {
  await open('/templates', serverOf([ORDER, REFUSED]))
  const [order, refused] = (await screen.findAllByRole('listitem')) as [HTMLElement, HTMLElement]
  expect(order.textContent).toContain('approved')
  expect(order.textContent).toContain('French')
  expect(order.textContent).toContain('Utility')
  expect(order.textContent).toContain('high quality')
  expect(order.textContent).not.toContain('Reason')
  within(refused).getByText('rejected')
  within(refused).getByText('PROMOTIONAL')
  within(refused).getByText(/Submit it as marketing/)
})

test("Meta's code has its advice beside a sentence of Meta's, too", async () => {
  await open('/templates', serverOf([{ ...REFUSED, reason: 'INVALID_FORMAT: Variables side by side.' }]))
  const [refused] = (await screen.findAllByRole('listitem')) as [HTMLElement]
  within(refused).getByText('INVALID_FORMAT: Variables side by side.')
  expect(refused.textContent).not.toContain('Change what Meta refused')
})

test('the chosen template is shown with samples in place of variables, and markup in it stays text', async () => {
  const { router } = await open('/templates', serverOf([ORDER, REFUSED]))
  fireEvent.click(await screen.findByRole('link', { name: 'order_shipped' }))
  const preview = await screen.findByRole('region', { name: 'Preview' })
  within(preview).getByText('Order A-17')
  expect(within(preview).getByText('Leila').tagName).toBe('B')
  expect(preview.textContent).toContain('Hello Leila, {{2}} <b>comes</b>')
  within(preview).getByText('Atlas shop')
  within(preview).getByText('Stop')
  within(preview).getByText('Copy the code')
  expect(router.state.location.search).toEqual({ open: ORDER.id })
  fireEvent.click(within(preview).getByRole('button', { name: 'Close' }))
  await vi.waitFor(() => expect(screen.queryByRole('region', { name: 'Preview' })).toBeNull())
})

test('search and filters are in the address, are read from it, and can be taken away together', async () => {
  const { router, calls } = await open('/templates?status=REJECTED&q=order', serverOf([ORDER, REFUSED]))
  await screen.findByText('No template fits')
  expect(calls).toContain('GET /templates?status=REJECTED&limit=100')
  fireEvent.change(screen.getByLabelText('Search name or text'), { target: { value: 'SALE' } })
  await screen.findByText('summer_sale')
  expect(router.state.location.search).toEqual({ status: 'REJECTED', q: 'SALE' })
  fireEvent.change(screen.getByLabelText('State'), { target: { value: 'APPROVED' } })
  fireEvent.click(await screen.findByRole('button', { name: 'Show all templates' }))
  await screen.findByText('order_shipped')
  expect(router.state.location.search).toEqual({})
})

test('more templates come by the cursor; a search reads them all, and finds words of the text', async () => {
  const far = template(3, { name: 'far', components: [{ type: 'BODY', text: 'Parcel is late' }] })
  const answer = serverOf([], (path, query) =>
    path !== '/templates' ? null : query.get('cursor') === 'c2' ? [200, pageOf([far])] : [200, pageOf([ORDER], 'c2')],
  )
  const { calls } = await open('/templates', answer)
  await screen.findByText('order_shipped')
  screen.getByRole('button', { name: 'More templates' })
  expect(screen.queryByText('far')).toBeNull()
  fireEvent.change(screen.getByLabelText('Search name or text'), { target: { value: 'parcel late' } })
  await screen.findByText('far')
  expect(screen.queryByText('order_shipped')).toBeNull()
  expect(calls).toContain('GET /templates?limit=100&cursor=c2')
})

test('an event of a template brings its new state', async () => {
  const known = [template(1, { status: 'PENDING' })]
  const { queryClient } = await open('/templates', serverOf(known))
  const [row] = (await screen.findAllByRole('listitem')) as [HTMLElement]
  within(row).getByText('in review')
  known[0] = template(1)
  applyEvents(queryClient, [{ name: 'template:status', event: {} } as never])
  await within(row).findByText('approved')
})

test('a sync is started, followed to its end, and templates are read again', async () => {
  const known: Template[] = []
  let status = 'DONE'
  const sync = () => ({ id: 's', type: 'SYNC_TEMPLATES', status, error: null, updatedAt: '2026-11-29T10:00:00.000Z' })
  const answer = serverOf(known, (path, _, method) => {
    if (path === '/templates/sync' && method === 'POST') {
      status = 'RUNNING'
      return [202, sync()]
    }
    return path === '/jobs' ? [200, pageOf([sync()])] : null
  })
  const { calls } = await open('/templates', answer)
  await screen.findByText('No templates yet')
  await screen.findByText(/synced/)
  fireEvent.click(screen.getByRole('button', { name: 'Sync now' }))
  await screen.findByText('Reading from WhatsApp…')
  expect(calls).toContain('POST /templates/sync')
  known.push(ORDER)
  status = 'DONE'
  await screen.findByText('order_shipped')
})

test('a list that cannot be loaded says so, and is loaded again', async () => {
  let isBroken = true
  const answer = serverOf([ORDER], path =>
    path === '/templates' && isBroken ? [403, { errorCode: 'FORBIDDEN', detail: 'no', requestId: 'r1' }] : null,
  )
  await open('/templates', answer)
  await screen.findByText('The templates could not be loaded.')
  expect(screen.queryByText('No templates yet')).toBeNull()
  isBroken = false
  fireEvent.click(screen.getByRole('button', { name: 'Try again' }))
  await screen.findByText('order_shipped')
})

test('an agent sees templates and starts no sync', async () => {
  const { calls } = await open('/templates', serverOf([ORDER]), 'agent')
  await screen.findByText('order_shipped')
  expect(screen.queryByRole('button', { name: 'Sync now' })).toBeNull()
  expect(calls).toEqual(['GET /templates?limit=100'])
})

test('a role without the right is told so, and nothing is asked for', async () => {
  const { calls } = await open('/templates', serverOf([ORDER]), 'visitor' as Role)
  await screen.findByText('Your role does not include this')
  expect(screen.queryByText('order_shipped')).toBeNull()
  expect(calls).toEqual([])
})

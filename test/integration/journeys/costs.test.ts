import { afterAll, beforeAll, expect, test } from 'vitest'
import { openRoad, type Road, TEMPLATE } from '#test/support/worlds/road.ts'

const stack = new AsyncDisposableStack()
let road: Road
beforeAll(async () => {
  road = stack.use(await openRoad())
  stack.use(await road.startSender({ callTimeoutMs: 60_000, unknownDeadlineMs: 300_000 }))
})
afterAll(() => stack.disposeAsync())

/** A message until Meta has reported its pricing, as the API shows it. */
async function delivered(to: string, send: object, pricing: object, path = '/messages/send') {
  const { body } = await road.call('POST', path, { to, ...send })
  const { wamid } = await road.until(body.id, ({ status }) => status === 'SENT')
  await road.report(wamid as string, to, 'delivered', { pricing })
  await road.until(body.id, ({ status }) => status === 'DELIVERED')
  const { cost, metaCost } = (await road.call('GET', `/messages/by-id/${body.id}`)).body
  return { foreseen: [body.cost, body.metaCost], reported: [cost, metaCost] }
}
const own = (amount: number, category: string) => ({ amount, currency: 'MAD', category })
const metas = (amount: number | null, category: string, type: string | null = null) => ({
  amount,
  currency: 'USD',
  category,
  type,
  basis: type === null ? 'foreseen' : 'reported',
})

test('[MS-04] a reply is free by the own table and billed by Meta; both stand in its row', async () => {
  const to = await road.person()
  const pricing = { billable: true, pricing_model: 'PMP', type: 'regular', category: 'service' }
  expect(await delivered(to, { text: 'Bonjour' }, pricing)).toEqual({
    foreseen: [own(0, 'service'), metas(0.023, 'service')],
    reported: [own(0, 'service'), metas(0.023, 'service', 'regular')],
  })
  const free = { ...pricing, billable: false, type: 'free_customer_service' }
  expect((await delivered(to, { text: 'Bonjour' }, free)).reported).toEqual([
    own(0, 'service'),
    metas(0, 'service', 'free_customer_service'),
  ])
})

test("[MS-04] a template costs the tenant's price and Meta's rate, by the category that Meta bills", async () => {
  const to = await road.person()
  const pricing = { billable: true, pricing_model: 'PMP', type: 'regular', category: 'marketing' }
  expect(await delivered(to, TEMPLATE, pricing, '/messages/send-template')).toEqual({
    foreseen: [own(0.4, 'utility'), metas(0.023, 'utility')],
    reported: [own(0.4, 'marketing'), metas(0.0414, 'marketing', 'regular')],
  })
})

test('[case 14] a category of conversations prices no free text', async () => {
  const to = await road.person()
  const pricing = { billable: true, pricing_model: 'CBP', category: 'user_initiated' }
  const { reported } = await delivered(to, { text: 'Bonjour' }, pricing)
  expect(reported).toEqual([own(0, 'user_initiated'), { ...metas(null, 'user_initiated'), basis: 'reported' }])
})

test('[MS-04] the settings hold prices by date and the rates of the own account', async () => {
  const rows = [{ category: 'SERVICE', country: 'MA', from: null, amount: 0.011 }]
  const prices = [
    { category: null, country: null, from: null, amount: 0.4 },
    { category: 'UTILITY', country: 'MA', from: '2026-01-01', amount: 0.5 },
    { category: 'UTILITY', country: 'MA', from: '2999-01-01', amount: 9 },
  ]
  const settings = { prices, metaRates: { currency: 'USD', rows } }
  const { status, body } = await road.call('PUT', '/settings', settings, 'admin')
  expect([status, body.prices, body.metaRates]).toEqual([200, prices, settings.metaRates])
  expect((await road.call('PUT', '/settings', { prices: [{ from: '1 October', amount: 1 }] }, 'admin')).status).toBe(400)
  const to = await road.person()
  const template = (await road.call('POST', '/messages/send-template', { to, ...TEMPLATE })).body
  expect([template.cost, template.metaCost]).toEqual([own(0.5, 'utility'), metas(0.023, 'utility')])
  const reply = (await road.call('POST', '/messages/send', { to, text: 'Bonjour' })).body
  expect([reply.cost, reply.metaCost]).toEqual([own(0, 'service'), metas(0.011, 'service')])
  await road.call('PUT', '/settings', { metaRates: null }, 'admin')
  expect((await road.call('GET', '/settings', undefined, 'admin')).body.metaRates).toBeNull()
})

import { describe, expect, test } from 'vitest'
import { type Cost, type PriceSettings, pricesOf, reportedPrices } from './cost.ts'
import type { BilledMessage, MetaCost } from './meta-cost.ts'
import { monthlyBill } from './monthly-bill.ts'
import { sumOf } from './price-table.ts'
import type { Pricing } from './pricing.ts'

const PEOPLE = { MA: '212661000101', FR: '33612345678', SN: '221771234567' }
const COUNTRIES = Object.values(PEOPLE)
const settings: PriceSettings = {
  currency: 'MAD',
  timezone: 'UTC',
  prices: [
    { category: null, country: null, amount: 0.4 },
    { category: 'MARKETING', country: 'FR', amount: 0.95 },
    { category: 'MARKETING', country: 'FR', from: '2026-10-01', amount: 1.1 },
  ],
}

/** Half of it before 1 October, half after it. */
const at = (i: number, count: number) =>
  new Date(i < count / 2 ? Date.UTC(2026, 8, 16 + (i % 15), 9) : Date.UTC(2026, 9, 1 + (i % 15), 9))

interface Delivered extends BilledMessage {
  cost: Cost
}

/** A message from its acceptance to Meta's report. */
function deliver(i: number, count: number, category: string | null, marks: (isFree: boolean) => Pricing['type']): Delivered {
  const now = at(i, count)
  const waId = COUNTRIES[i % 3] as string
  const isInWindow = category !== 'MARKETING'
  const windowExpiresAt = isInWindow ? new Date(now.getTime() + 3_600_000) : null
  const foreseen = pricesOf(settings, { category, windowExpiresAt, freeEntryPointExpiresAt: null, waId, now })
  const isOld = now < new Date('2026-10-01') && isInWindow
  const named = (category ?? 'service').toLowerCase()
  const pricing: Pricing = { category: named, type: marks(isOld), billable: !isOld, billed: null }
  const { cost, metaCost } = reportedPrices(settings, {
    pricing,
    isTemplate: category !== null,
    cost: foreseen.cost,
    waId,
    at: now,
  })
  return { phoneNumberId: '1', deliveredAt: now, cost, metaCost }
}

const asMeta = (isFree: boolean) => (isFree ? 'free_customer_service' : 'regular')
const many = (count: number, category: string | null) =>
  Array.from({ length: count }, (_, i) => deliver(i, count, category, asMeta))

describe('a month of 3,000 replies, 500 utility and 200 marketing templates to three countries, across 1 October', () => {
  const [replies, utility, marketing] = [many(3000, null), many(500, 'UTILITY'), many(200, 'MARKETING')]
  const all = [...replies, ...utility, ...marketing]
  const metaOf = (rows: Delivered[]) => sumOf(rows.map(({ metaCost }) => metaCost.amount as number))
  const ownOf = (rows: Delivered[]) => sumOf(rows.map(({ cost }) => cost.amount))

  test('each row, by the rates of the day and country', () => {
    // Of the 1,500 replies since then 500 went to each country.
    expect(metaOf(replies)).toBe(500 * 0.023 + 500 * 0.03 + 500 * 0.004)
    // Utility was free in the window: since then 83 to Morocco, 84 to France, 83 to Senegal.
    expect(metaOf(utility)).toBe(sumOf([83 * 0.023, 84 * 0.03, 83 * 0.004]))
    // Marketing: 34, 33, 33 before; 33, 34, 33 since.
    expect(metaOf(marketing)).toBe(sumOf([34 * 0.0225, 33 * 0.0859, 33 * 0.0225, 33 * 0.0414, 34 * 0.0859, 33 * 0.0225]))
  })

  test("the tenant's own prices: replies are free, templates cost what the table says on their day", () => {
    expect(ownOf(replies)).toBe(0)
    expect(ownOf(utility)).toBe(250 * 0.4)
    expect(ownOf(marketing)).toBe(sumOf([133 * 0.4, 33 * 0.95, 34 * 1.1]))
  })

  test('the bill takes off a thousand replies of October, the first ones, whatever the order they are read in', () => {
    const october = replies.filter(({ deliveredAt }) => deliveredAt >= new Date('2026-10-01'))
    const inOrder = october.toSorted((a, b) => a.deliveredAt.getTime() - b.deliveredAt.getTime())
    const byHand = sumOf([metaOf(inOrder.slice(1000)), metaOf(utility), metaOf(marketing)])
    expect(monthlyBill(all, 'UTC')).toEqual({ amounts: { USD: byHand }, freeReplies: 1500 + 1000, unknown: 0 })
  })

  test('where Meta marks the free ones itself, the marks are believed', () => {
    let free = 0
    const marked = Array.from({ length: 3000 }, (_, i) => deliver(i, 3000, null, isOld => asMeta(isOld || ++free <= 700)))
    const byHand = metaOf(marked.filter(({ metaCost }) => metaCost.type === 'regular'))
    expect(monthlyBill(marked, 'UTC')).toEqual({ amounts: { USD: byHand }, freeReplies: 1500 + 700, unknown: 0 })
  })

  test('each number and each month has its own thousand', () => {
    const october = replies.filter(({ deliveredAt }) => deliveredAt >= new Date('2026-10-01'))
    const november = october.map(row => ({ ...row, deliveredAt: new Date(row.deliveredAt.getTime() + 31 * 86_400_000) }))
    const other = october.map(row => ({ ...row, phoneNumberId: '2' }))
    expect(monthlyBill([...october, ...november, ...other], 'UTC').freeReplies).toBe(3000)
  })
})

test('a rate that is not known is counted, not taken for nothing; currencies are not added up', () => {
  const cost = (amount: number | null, currency: string): MetaCost => ({
    amount,
    currency,
    category: 'marketing',
    type: 'regular',
    basis: 'reported',
  })
  const rows = [cost(null, 'USD'), cost(0.02, 'USD'), cost(0.01, 'EUR')].map(metaCost => ({
    phoneNumberId: '1',
    deliveredAt: new Date(0),
    metaCost,
  }))
  expect(monthlyBill(rows, 'UTC')).toEqual({ amounts: { USD: 0.02, EUR: 0.01 }, freeReplies: 0, unknown: 1 })
})

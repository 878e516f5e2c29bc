import { describe, expect, test } from 'vitest'
import { type CostCircumstances, type PriceSettings, pricesOf, reportedPrices } from './cost.ts'
import { dayIn, findPrice, sumOf } from './price-table.ts'
import type { Pricing } from './pricing.ts'

const settings: PriceSettings = {
  currency: 'MAD',
  timezone: 'Africa/Casablanca',
  prices: [{ category: null, country: null, amount: 0.4 }],
}
const BEFORE = new Date('2026-09-30T12:00:00Z')
const SINCE = new Date('2026-10-01T12:00:00Z')
const HOUR = 3_600_000
const MOROCCO = '212661000101'

const about = (changes: Partial<CostCircumstances> = {}): CostCircumstances => ({
  category: null,
  windowExpiresAt: null,
  freeEntryPointExpiresAt: null,
  waId: MOROCCO,
  now: SINCE,
  ...changes,
})
const amounts = (changes: Partial<CostCircumstances>, own = settings) => {
  const { cost, metaCost } = pricesOf(own, about(changes))
  return [cost.amount, metaCost.amount]
}
const open = (now: Date) => ({ now, windowExpiresAt: new Date(now.getTime() + HOUR) })
const afterAd = (now: Date) => ({ now, freeEntryPointExpiresAt: new Date(now.getTime() + HOUR) })

describe('what is foreseen: the own price, then what Meta bills', () => {
  test.for<[string, Partial<CostCircumstances>, [number, number | null]]>([
    ['a reply before October 2026', open(BEFORE), [0, 0]],
    ['a reply since then', open(SINCE), [0, 0.023]],
    ['a reply after an ad', { ...open(SINCE), ...afterAd(SINCE) }, [0, 0]],
    ['utility in the window before', { category: 'UTILITY', ...open(BEFORE) }, [0, 0]],
    ['utility in the window since', { category: 'UTILITY', ...open(SINCE) }, [0.4, 0.023]],
    ['utility outside the window before', { category: 'UTILITY', now: BEFORE }, [0.4, 0.004]],
    ['marketing in the window before', { category: 'MARKETING', ...open(BEFORE) }, [0.4, 0.0225]],
    ['marketing since', { category: 'MARKETING' }, [0.4, 0.0414]],
    ['marketing after an ad', { category: 'MARKETING', ...afterAd(SINCE) }, [0, 0]],
    ['a code', { category: 'AUTHENTICATION' }, [0.4, 0.023]],
    ['marketing to France', { category: 'MARKETING', waId: '33612345678' }, [0.4, 0.0859]],
    ['marketing to Senegal', { category: 'MARKETING', waId: '221771234567' }, [0.4, 0.0225]],
    ['marketing to a user id of Germany', { category: 'MARKETING', waId: null, userId: 'DE.123456' }, [0.4, 0.1365]],
    ['marketing to India, whose rate is not known', { category: 'MARKETING', waId: '919876543210' }, [0.4, null]],
    ['marketing to nobody knows where', { category: 'MARKETING', waId: null, userId: null }, [0.4, null]],
  ])('[MS-04] %s', ([, changes, expected]) => {
    expect(amounts(changes)).toEqual(expected)
  })

  test('midnight is that of the time zone of the account', () => {
    const now = new Date('2026-09-30T23:30:00Z')
    expect([dayIn('UTC', now), dayIn('Europe/Paris', now)]).toEqual(['2026-09-30', '2026-10-01'])
    expect(amounts({ now }, { ...settings, timezone: 'UTC' })).toEqual([0, 0])
    expect(amounts({ now }, { ...settings, timezone: 'Europe/Paris' })).toEqual([0, 0.023])
  })

  test('a reply costs what a row for SERVICE says; no other row prices it', () => {
    const prices = [...settings.prices, { category: 'SERVICE', country: 'MA', amount: 0.05, from: '2026-10-01' }]
    expect(amounts({ now: BEFORE }, { ...settings, prices })).toEqual([0, 0])
    expect(amounts({}, { ...settings, prices })).toEqual([0.05, 0.023])
    expect(amounts({ waId: '33612345678' }, { ...settings, prices })).toEqual([0, 0.03])
  })

  test("the account's own rates of Meta go before ours, in their currency", () => {
    const rows = [{ category: 'MARKETING', country: 'IN', amount: 0.0118 }]
    const known = { ...settings, metaRates: { currency: 'USD', rows } }
    expect(amounts({ category: 'MARKETING', waId: '919876543210' }, known)).toEqual([0.4, 0.0118])
    expect(amounts({ category: 'MARKETING' }, known)).toEqual([0.4, 0.0414])
    const inEuro = { ...settings, metaRates: { currency: 'EUR', rows } }
    expect(pricesOf(inEuro, about({ category: 'MARKETING' })).metaCost).toMatchObject({ amount: null, currency: 'EUR' })
  })
})

test('of a price table the most specific row counts, of rows for the same the one in force last', () => {
  const rows = [
    { category: 'UTILITY', country: 'MA', from: '2026-10-01', amount: 3 },
    { category: 'UTILITY', country: 'MA', from: null, amount: 2 },
    { category: 'UTILITY', country: 'MA', from: '2027-01-01', amount: 4 },
    { category: 'UTILITY', country: null, from: '2026-11-01', amount: 5 },
    { category: null, country: null, amount: 1 },
  ]
  const on = (day: string, country = 'MA') => findPrice(rows, { category: 'utility', country, day })
  expect([on('2026-09-30'), on('2026-10-01'), on('2026-12-31'), on('2027-01-01')]).toEqual([2, 3, 3, 4])
  expect([on('2026-10-31', 'FR'), on('2026-11-01', 'FR')]).toEqual([1, 5])
})

test('sums have no errors of binary fractions', () => {
  expect(sumOf(Array.from({ length: 3000 }, () => 0.023))).toBe(69)
  expect(sumOf([0.1, 0.2])).toBe(0.3)
})

describe("Meta's pricing is the last word", () => {
  const said = (changes: Partial<Pricing>): Pricing => ({
    category: 'service',
    type: 'regular',
    billable: true,
    billed: null,
    ...changes,
  })
  const foreseen = (amount: number, category: string) => ({ amount, currency: 'MAD', category })
  const after = (pricing: Partial<Pricing>, changes: object = {}) => {
    const one = { pricing: said(pricing), isTemplate: true, cost: foreseen(0.4, 'utility'), waId: MOROCCO, at: SINCE, ...changes }
    const { cost, metaCost } = reportedPrices(settings, one)
    return [cost.amount, metaCost.amount, metaCost.category]
  }
  const reply = { isTemplate: false, cost: foreseen(0, 'service') }

  test.for<[string, Partial<Pricing>, object, [number, number | null, string]]>([
    ['a billed reply: free by the own table, billed by Meta', {}, reply, [0, 0.023, 'service']],
    ['a free reply', { type: 'free_customer_service' }, reply, [0, 0, 'service']],
    ['a reply after an ad', { type: 'free_entry_point', category: 'referral_conversion' }, reply, [0, 0, 'referral_conversion']],
    [
      'utility foreseen as free gives way to regular',
      { category: 'utility' },
      { cost: foreseen(0, 'utility') },
      [0.4, 0.023, 'utility'],
    ],
    ['utility foreseen as billed is free', { category: 'utility', type: 'free_customer_service' }, {}, [0, 0, 'utility']],
    ['utility billed as marketing', { category: 'marketing' }, {}, [0.4, 0.0414, 'marketing']],
    [
      'what was foreseen stays though the table has changed',
      { category: 'utility' },
      { cost: foreseen(0.7, 'utility') },
      [0.7, 0.023, 'utility'],
    ],
    ['a code to abroad', { category: 'authentication-international' }, {}, [0.4, 0.0811, 'authentication-international']],
    [
      'case 14: a conversation of old times is no template',
      { category: 'user_initiated', type: null },
      reply,
      [0, null, 'user_initiated'],
    ],
    ['a conversation begun by a template', { category: 'business_initiated', type: null }, {}, [0.4, null, 'business_initiated']],
    ['an old version says billable alone', { type: null, billable: false }, reply, [0, 0, 'service']],
    [
      'what Meta says it bills',
      { category: 'marketing_lite', billed: { amount: 0.031, currency: 'EUR' } },
      {},
      [0.4, 0.031, 'marketing_lite'],
    ],
    [
      'marketing by its own endpoint costs what marketing does',
      { category: 'marketing_lite' },
      { cost: foreseen(0.7, 'marketing') },
      [0.7, 0.0414, 'marketing_lite'],
    ],
  ])('[ST-08] %s', ([, pricing, changes, expected]) => {
    expect(after(pricing, changes)).toEqual(expected)
  })

  test('the country of the recipient counts also for a category that was not foreseen', () => {
    const prices = [...settings.prices, { category: 'MARKETING', country: 'FR', amount: 1.25 }]
    const one = { pricing: said({ category: 'marketing' }), isTemplate: true, cost: foreseen(0.4, 'utility'), at: SINCE }
    expect(reportedPrices({ ...settings, prices }, { ...one, waId: '33612345678' }).cost).toEqual(foreseen(1.25, 'marketing'))
    expect(reportedPrices({ ...settings, prices }, { ...one, waId: MOROCCO }).cost).toEqual(foreseen(0.4, 'marketing'))
  })

  test('marketing by its own endpoint has the price of marketing, unless the table tells another', () => {
    const marketing = { category: 'MARKETING', country: null, amount: 1 }
    const one = { pricing: said({ category: 'marketing_lite' }), isTemplate: true, cost: foreseen(0, 'utility'), at: SINCE }
    const price = (prices: typeof settings.prices) =>
      reportedPrices({ ...settings, prices }, { ...one, waId: MOROCCO }).cost.amount
    expect(price([marketing])).toBe(1)
    expect(price([marketing, { category: 'MARKETING_LITE', country: null, amount: 2 }])).toBe(2)
  })
})

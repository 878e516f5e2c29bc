import { describe, expect, test } from 'vitest'
import { forecastCapacity, isRateLimited, type Rates, type SendFlow, secondsUntilLast, share } from './forecast.ts'

const flow = (phoneNumberId: string, count: number, own: Partial<SendFlow> = {}): SendFlow => ({
  phoneNumberId,
  portfolioId: 'p',
  priority: 'chat',
  count,
  mostPerSecond: Infinity,
  ...own,
})
const rates = (sharedRate: number, numbers: Record<string, number>): Rates => ({
  numbers: new Map(Object.entries(numbers)),
  sharedRate,
})
const campaign = { priority: 'campaign' as const }

test.for<[string, SendFlow[], Rates, number[]]>([
  ['one number has its own rate', [flow('a', 9)], rates(Infinity, { a: 80 }), [80]],
  ['what the tenant allows itself is shared', [flow('a', 9), flow('b', 9)], rates(10, { a: 80, b: 80 }), [5, 5]],
  ['a slow number leaves its part to the others', [flow('a', 9), flow('b', 9)], rates(10, { a: 2, b: 80 }), [2, 8]],
  ['nothing waiting takes nothing', [flow('a', 0), flow('b', 9)], rates(10, { a: 80, b: 80 }), [0, 10]],
  ['a number that sends nothing takes nothing', [flow('a', 9), flow('b', 9)], rates(10, { b: 80 }), [0, 10]],
  [
    'campaigns get what replies leave, and share it',
    [flow('a', 9, { mostPerSecond: 20 }), flow('a', 9, campaign), flow('a', 9, campaign)],
    rates(Infinity, { a: 80 }),
    [20, 30, 30],
  ],
  [
    'replies of one number go before campaigns of another',
    [flow('a', 9), flow('b', 9, campaign)],
    rates(10, { a: 8, b: 80 }),
    [8, 2],
  ],
  [
    "a campaign's own limit holds it alone",
    [flow('a', 9, { ...campaign, mostPerSecond: 1 }), flow('a', 9, campaign)],
    rates(Infinity, { a: 80 }),
    [1, 79],
  ],
])('%s', ([, flows, given, expected]) => {
  expect(share(flows, given)).toEqual(expected)
})

describe('a flow', () => {
  test('ends later beside others, and leaves them its share when it ends', () => {
    const ends = forecastCapacity([flow('a', 100), flow('b', 300)], rates(10, { a: 80, b: 80 }))
    expect(ends).toEqual([
      { seconds: 20, sent: 200, sentOfPortfolio: 200 },
      { seconds: 40, sent: 400, sentOfPortfolio: 400 },
    ])
  })

  test('does not count in another portfolio', () => {
    const [first] = forecastCapacity([flow('a', 100), flow('b', 300, { portfolioId: 'q' })], rates(10, { a: 80, b: 80 }))
    expect(first).toEqual({ seconds: 20, sent: 200, sentOfPortfolio: 100 })
  })

  test('at a number that sends nothing never ends and delays no other flow', () => {
    const ends = forecastCapacity([flow('a', 100), flow('b', 100), flow('b', 0)], rates(10, { b: 80 }))
    expect(ends.map(({ seconds }) => seconds)).toEqual([null, 10, 0])
  })

  test('is forecast quickly among hundreds of numbers', () => {
    const ids = Array.from({ length: 200 }, (_, i) => `n${i}`)
    const flows = ids.flatMap((id, i) => [flow(id, i + 1), flow(id, 10 * i, campaign)])
    const ends = forecastCapacity(flows, rates(1000, Object.fromEntries(ids.map((id, i) => [id, 1 + (i % 80)]))))
    expect(Math.max(...ends.map(({ seconds }) => seconds ?? Infinity))).toBeGreaterThan(219)
    expect(ends.every(({ seconds }) => seconds !== null)).toBe(true)
  })
})

test.for<[string, number | null, Parameters<typeof secondsUntilLast>[1], number | null]>([
  ['nothing to send ends at once', 0, [{ limit: 0, used: 0, sent: 0 }], 0],
  ['whole seconds', 0.2, [], 1],
  ['never', null, [], null],
  ['a day that is not used up', 10, [{ limit: 1000, used: 900, sent: 100 }], 10],
  ['a day that ends it', 10, [{ limit: 1000, used: 901, sent: 100 }], 86_400],
  ['several days', 50, [{ limit: 1000, used: 0, sent: 3500 }], 3 * 86_400],
  ['no day ever', 50, [{ limit: 0, used: 0, sent: 1 }], null],
  [
    'the slowest of all',
    50,
    [
      { limit: 10_000, used: 0, sent: 3500 },
      { limit: 2000, used: 0, sent: 3500 },
    ],
    86_400,
  ],
])('%s', ([, seconds, days, expected]) => {
  expect(secondsUntilLast(seconds, days)).toBe(expected)
})

test('messages that wait for a time or a person are not limited by the rate', () => {
  const reasons = ['ready', 'in_flight', 'rate', 'pair', 'quota', 'audience', 'paused', 'scheduled', 'unknown']
  expect(reasons.filter(isRateLimited)).toEqual(['ready', 'in_flight', 'rate', 'pair', 'quota', 'audience'])
})

import { expect, test } from 'vitest'
import { moving, secondsLeft } from './backlog.ts'

const pace = (perSecond: number | null, ...daily: { limit: number; used: number }[]) => ({ perSecond, daily })

test.for<[string, number, ReturnType<typeof pace>, number | null]>([
  ['nothing is gone at once, though the number is held', 0, pace(null), 0],
  ['a rate', 800, pace(80), 10],
  ['a rate below one', 3, pace(0.5), 6],
  ['a number that sends nothing', 3, pace(0), null],
  ['a day that is not used up', 100, pace(10, { limit: 1000, used: 900 }), 10],
  ['a day that ends it', 100, pace(10, { limit: 1000, used: 901 }), 86_400],
  ['several days', 3500, pace(80, { limit: 1000, used: 0 }), 3 * 86_400],
  ['the slowest of all', 3500, pace(80, { limit: 10_000, used: 0 }, { limit: 2000, used: 0 }), 86_400],
])('%s', ([, count, given, seconds]) => {
  expect(secondsLeft(count, given)).toBe(seconds)
})

test('what waits for a moment or a person is not counted as on its way', () => {
  expect(moving({ count: 10, reasons: { ready: 3, rate: 2, paused: 4, scheduled: 1 } })).toBe(5)
})

import { expect, test } from 'vitest'
import { type CallPace, isSlow, joinPaces, paceOf, SLOW_MS } from './call-pace.ts'

const answered = (...times: number[]) => times.map(ms => ({ ms, isAnswered: true }))
const pace = (calls: number, unanswered: number, p95Ms: number): CallPace => ({ calls, unanswered, p95Ms })

test('the time is that which 95 % of the calls did not exceed', () => {
  expect(paceOf([])).toBeNull()
  expect(paceOf(answered(200))).toEqual(pace(1, 0, 200))
  const hundred = answered(...Array.from({ length: 100 }, (_, i) => i + 1))
  expect(paceOf(hundred.toReversed())).toEqual(pace(100, 0, 95))
  expect(paceOf([...answered(200, 300), { ms: 30_000, isAnswered: false }])).toEqual(pace(3, 1, 30_000))
})

test('calls of several senders are added up, and the slowest one that has enough of them tells the time', () => {
  expect(joinPaces([])).toBeNull()
  expect(joinPaces([pace(100, 1, 300), pace(50, 2, 900), pace(1, 0, 9000)])).toEqual(pace(151, 3, 900))
  expect(joinPaces([pace(1, 0, 100), pace(2, 0, 200)])).toEqual(pace(3, 0, 200))
})

test.for<[string, CallPace, boolean]>([
  ['answers come quickly', pace(100, 0, 400), false],
  ['answers take long', pace(100, 0, SLOW_MS), true],
  ['one call in twenty has no answer', pace(100, 5, 400), false],
  ['one call in ten has no answer', pace(100, 10, 400), true],
  ['two slow calls are too few to tell', pace(2, 2, 30_000), false],
  ['three are enough', pace(3, 0, 30_000), true],
])('%s', ([, given, expected]) => {
  expect(isSlow(given)).toBe(expected)
})

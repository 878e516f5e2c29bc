import { expect, test } from 'vitest'
import { createSecondRate } from './rates.ts'

test('each key is counted separately, and every second from zero', () => {
  let now = 1000
  const rate = createSecondRate(() => now)
  expect([rate.count('a'), rate.count('a'), rate.count('b')]).toEqual([1, 2, 1])
  now = 1999
  expect(rate.count('a')).toBe(3)
  now = 2000
  expect(rate.count('a')).toBe(1)
})

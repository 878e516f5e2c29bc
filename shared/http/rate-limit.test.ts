import { expect, test } from 'vitest'
import { parseQuota } from './rate-limit.ts'

test.for<[string, number, number]>([
  ['100/15min', 100, 900_000],
  ['60/min', 60, 60_000],
  ['5/s', 5, 1000],
  ['10/2h', 10, 7_200_000],
  [' 1/d ', 1, 86_400_000],
])('%s is %d requests in %d ms', ([text, count, windowMs]) => {
  expect(parseQuota(text)).toEqual({ count, windowMs })
})

test.for(['', '100', '100/', '/min', '100/15', '100/15m', '-1/min', '1.5/min', '100/min/h'])('%j is not a quota', text => {
  expect(() => parseQuota(text)).toThrow('100/15min')
})

test.for(['100/0min', '0/min'])('%s is refused because it would admit nobody or everybody', text => {
  expect(() => parseQuota(text)).toThrow()
})

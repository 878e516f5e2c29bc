import { expect, test } from 'vitest'
import { timeToLiveProblems } from './time-to-live.ts'

test.for<[string, number | null, boolean]>([
  ['AUTHENTICATION', 29, false],
  ['AUTHENTICATION', 30, true],
  ['AUTHENTICATION', 900, true],
  ['AUTHENTICATION', 901, false],
  ['UTILITY', 29, false],
  ['UTILITY', 43_200, true],
  ['UTILITY', 43_201, false],
  ['MARKETING', 43_199, false],
  ['MARKETING', 43_200, true],
  ['MARKETING', 2_592_000, true],
  ['MARKETING', 2_592_001, false],
  ['UTILITY', -1, true],
  ['MARKETING', 0, false],
  ['AUTHENTICATION', null, true],
])('a template of category %s with a time to live of %s s is taken: %s', ([category, seconds, isTaken]) => {
  const paths = timeToLiveProblems(seconds, category).map(({ path }) => path)
  expect(paths).toEqual(isTaken ? [] : ['messageSendTtlSeconds'])
})

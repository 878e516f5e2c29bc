import { expect, test } from 'vitest'
import { mayFallBack } from './fallback.ts'

test.for<[string, { usedAt: Date | null; unsettled: number | null } | null, number | null, boolean]>([
  ['there is none', null, null, false],
  ['it is there', { usedAt: null, unsettled: null }, null, true],
  ['it went out already', { usedAt: new Date(), unsettled: null }, null, false],
  ['an attempt may still arrive', { usedAt: null, unsettled: 1 }, null, false],
  ['another attempt than the failed one may still arrive', { usedAt: null, unsettled: 1 }, 2, false],
  ['that very attempt has failed', { usedAt: null, unsettled: 1 }, 1, true],
])('%s', ([, fallback, settled, expected]) => {
  expect(mayFallBack(fallback, settled)).toBe(expected)
})

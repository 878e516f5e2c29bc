import { expect, test } from 'vitest'
import { isBeforeErasure } from './erasure.ts'

const ERASED = new Date('2026-11-20T10:00:05.400Z')

test.for([
  ['2026-11-20T10:00:04Z', '2026-11-20T10:00:09Z', true], // late on its way
  ['2026-11-20T10:00:05Z', '2026-11-20T10:00:05.300Z', true],
  ['2026-11-20T10:00:05Z', '2026-11-20T10:00:05.400Z', true],
  ['2026-11-20T10:00:05Z', '2026-11-20T10:00:05.900Z', false], // of the same second, the arrival decides
  ['2026-11-20T10:00:06Z', '2026-11-20T10:00:06.100Z', false],
] as const)('an item of %s that arrived at %s is from before the erasure: %s', ([at, receivedAt, expected]) => {
  expect(isBeforeErasure({ at: new Date(at), receivedAt: new Date(receivedAt) }, ERASED)).toBe(expected)
})

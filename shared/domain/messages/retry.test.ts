import { describe, expect, test } from 'vitest'
import { afterFailure, afterUnsent } from './retry.ts'
import { SEND_ERROR_TABLE } from './send-error-table.ts'
import { describeError } from './send-errors.ts'

const middle = () => 0.5

describe('every code of the table', () => {
  test.for(SEND_ERROR_TABLE.map(row => [`${row.code}/${row.subcode}`, row] as const))('%s', ([, row]) => {
    const verdict = afterFailure({ error: describeError(row), attempt: 1 }, middle)
    const expected = {
      RETRY: { kind: 'retry', delayMs: 1000 },
      RETRY_LATER: { kind: 'later', scope: row.scope },
      PAUSE: row.code === 131048 ? { kind: 'hold-campaigns' } : { kind: 'pause', scope: row.scope },
      FAIL: { kind: 'fail' },
    }[row.class]
    expect(verdict).toMatchObject(expected)
    if ('delayMs' in verdict)
      expect(verdict.delayMs).toBeGreaterThanOrEqual((row.class === 'RETRY' ? 1 : (row.waitS ?? 1)) * 1000)
  })
})

test('a retry waits 1, 5, 30, 120, 600 s, and the sixth failure is final', () => {
  const error = describeError({ code: 131000 })
  const delays = [1, 2, 3, 4, 5, 6].map(attempt => afterFailure({ error, attempt }, middle))
  expect(delays).toEqual([
    ...[1_000, 5_000, 30_000, 120_000, 600_000].map(delayMs => ({ kind: 'retry', delayMs })),
    { kind: 'fail' },
  ])
})

test.for([1, 131053, 999_999])('code %i fails at its third attempt', code => {
  const error = describeError({ code, isTransient: true })
  expect([1, 2, 3].map(attempt => afterFailure({ error, attempt }, middle).kind)).toEqual(['retry', 'retry', 'fail'])
})

test.for([
  [0, 800],
  [0.999999, 1200],
])('jitter stays within a fifth: random %d gives %d ms', ([random, delayMs]) => {
  expect(afterFailure({ error: describeError({ code: 2 }), attempt: 1 }, () => random as number)).toEqual({
    kind: 'retry',
    delayMs,
  })
})

test('Retry-After is honoured where it is longer', () => {
  const error = describeError({ code: 2 })
  expect(afterFailure({ error, attempt: 1, retryAfterMs: 7000 }, middle)).toEqual({ kind: 'retry', delayMs: 7000 })
  expect(afterFailure({ error, attempt: 3, retryAfterMs: 7000 }, middle)).toEqual({ kind: 'retry', delayMs: 30_000 })
})

test('waiting for a limit never becomes a failure after any number of attempts', () => {
  const error = describeError({ code: 130429 })
  expect(afterFailure({ error, attempt: 50, repeated: 49 }, middle).kind).toBe('later')
})

test('the pair limit waits 4^x seconds and affects only the pair', () => {
  const error = describeError({ code: 131056 })
  const waits = [0, 1, 2, 3].map(repeated => afterFailure({ error, attempt: 1, repeated }, () => 0))
  expect(waits).toEqual([1, 4, 16, 64].map(s => ({ kind: 'later', delayMs: s * 1000, scope: 'pair' })))
})

test('a growing wait ends at an hour, unless the table names a longer one', () => {
  expect(afterFailure({ error: describeError({ code: 131056 }), attempt: 1, repeated: 40 }, () => 0)).toMatchObject({
    delayMs: 3_600_000,
  })
  expect(afterFailure({ error: describeError({ code: 133016 }), attempt: 1, repeated: 3 }, () => 0)).toMatchObject({
    delayMs: 259_200_000,
  })
})

test('an attempt that was never sent is repeated after a growing wait', () => {
  expect([0, 1, 2, 3, 4, 9].map(repeated => afterUnsent(repeated, middle))).toEqual([
    1_000, 5_000, 30_000, 120_000, 600_000, 600_000,
  ])
})

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type CallResult, isTrouble, problemOfStatus, RETRY_DELAYS_MS, retryAfterOf, verdictOf } from './delivery.ts'

const answered = (status: number, retryAfterMs: number | null = null): CallResult => ({
  status,
  problem: problemOfStatus(status),
  retryAfterMs,
})
const unanswered: CallResult = { status: null, problem: 'timeout', retryAfterMs: null }
const DAY_MS = 86_400_000

test.for([200, 201, 202, 204, 299])('%i is a delivery', status => {
  expect(verdictOf(answered(status), 1, 0)).toEqual({ kind: 'delivered' })
})

test.for([100, 301, 302, 307, 400, 401, 404, 422, 429, 500, 503])('%i is tried again', status => {
  expect(verdictOf(answered(status), 1, 0)).toEqual({ kind: 'retry', delayMs: 5000 })
})

test('410 ends the subscription, at whichever attempt', () => {
  for (const attempt of [1, 11, 99]) expect(verdictOf(answered(410), attempt, 0)).toEqual({ kind: 'gone' })
})

test('attempts go on for a day and then end, whatever the jitter', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 0.999, noNaN: true }), { minLength: 10, maxLength: 10 }), jitters => {
      const waits = jitters.map((random, i) => verdictOf(unanswered, i + 1, random))
      const total = waits.reduce((sum, wait) => sum + (wait.kind === 'retry' ? wait.delayMs : Number.NaN), 0)
      return total >= DAY_MS && total <= 1.25 * 1.03 * DAY_MS
    }),
  )
  expect(verdictOf(unanswered, RETRY_DELAYS_MS.length + 1, 0)).toEqual({ kind: 'exhausted' })
})

test('waits grow, and are longer by jitter, never shorter', () => {
  for (const [i, delay] of RETRY_DELAYS_MS.entries()) {
    expect(verdictOf(unanswered, i + 1, 0)).toEqual({ kind: 'retry', delayMs: delay })
    expect(verdictOf(unanswered, i + 1, 0.5)).toEqual({ kind: 'retry', delayMs: Math.round(delay * 1.1) })
  }
  expect(RETRY_DELAYS_MS.toSorted((a, b) => a - b)).toEqual(RETRY_DELAYS_MS)
})

test('an endpoint may ask for a longer wait, up to an hour', () => {
  expect(verdictOf(answered(429, 60_000), 1, 0)).toEqual({ kind: 'retry', delayMs: 60_000 })
  expect(verdictOf(answered(503, DAY_MS), 1, 0)).toEqual({ kind: 'retry', delayMs: 3_600_000 })
  expect(verdictOf(answered(503, 1), 1, 0)).toEqual({ kind: 'retry', delayMs: 5000 })
})

test.for<[string | null, number | null]>([
  [null, null],
  ['120', 120_000],
  [' 0 ', 0],
  ['soon', null],
  ['Sun, 29 Nov 2026 12:01:00 GMT', 60_000],
  ['Sun, 29 Nov 2026 11:00:00 GMT', 0],
])('Retry-After %j is %j ms', ([header, expected]) => {
  expect(retryAfterOf(header, new Date('2026-11-29T12:00:00Z'))).toBe(expected)
})

test('a refusal of one event is no trouble of the endpoint', () => {
  expect([200, 204, 400, 404, 410, 422].filter(status => isTrouble(answered(status)))).toEqual([])
  expect([302, 408, 429, 500, 502].filter(status => !isTrouble(answered(status)))).toEqual([])
  expect(isTrouble(unanswered)).toBe(true)
})

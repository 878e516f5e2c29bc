import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { SEND_ERROR_TABLE } from './send-error-table.ts'
import { describeError, errorDoc, failureKeyOf, pauseReason, platformError } from './send-errors.ts'

interface FixtureRow {
  code: number | string
  subcode: number | null
  title: string
  class: string
  scope: string
  wait: number | null
}
const fixture = JSON.parse(readFileSync(new URL('../../../deploy/simulator/error-codes.json', import.meta.url), 'utf8')) as {
  codes: FixtureRow[]
}
const firstCode = (row: FixtureRow) => (typeof row.code === 'number' ? row.code : Number(row.code.split('-')[0]))

describe('every documented code', () => {
  test.for(fixture.codes.map(row => [`${row.code}/${row.subcode}`, row] as const))('%s', ([, row]) => {
    const described = describeError({ code: firstCode(row), subcode: row.subcode })
    expect(described).toMatchObject({ class: row.class, scope: row.scope, waitS: row.wait, title: row.title, known: true })
    expect(described.sentence).toMatch(/^[A-Z].{20,}\.$/)
    expect(described.nextStep).toMatch(/^[A-Z].{8,}\.$/)
  })

  test('the table has no undocumented row', () => {
    expect(SEND_ERROR_TABLE).toHaveLength(fixture.codes.length)
  })
})

test.for([200, 210, 299])('permission error %i uses the row of its range', code => {
  expect(describeError({ code })).toMatchObject({ code, class: 'PAUSE', scope: 'token', known: true })
})

test('a subcode that has no row of its own falls back to its code', () => {
  expect(describeError({ code: 190, subcode: 463 })).toMatchObject({ code: 190, subcode: 463, class: 'PAUSE', scope: 'token' })
})

test.for([
  [{ code: 999_999, isTransient: true, httpStatus: 400 }, 'RETRY'],
  [{ code: 999_999, httpStatus: 500 }, 'RETRY'],
  [{ code: 999_999, httpStatus: 400 }, 'FAIL'],
  [{ code: 300, httpStatus: 400 }, 'FAIL'],
  [{ code: null, httpStatus: 503 }, 'RETRY'],
  [{ code: null, httpStatus: 429 }, 'RETRY_LATER'],
  [{ code: null, httpStatus: 401 }, 'PAUSE'],
  [{ code: null, httpStatus: 404 }, 'FAIL'],
] as const)('an unknown error is classified by its HTTP status: %j is %s', ([report, expected]) => {
  const described = describeError(report)
  expect(described).toMatchObject({ class: expected, known: false })
  if (expected === 'RETRY') expect(described.maxAttempts).toBe(3)
})

test('codes 1 and 131053 are tried three times, other retries six times', () => {
  expect([1, 131053, 2, 131000].map(code => describeError({ code }).maxAttempts)).toEqual([3, 3, 6, 6])
})

test("a stored error keeps Meta's detail and names Meta as its source", () => {
  expect(errorDoc({ code: 131026, title: 'ignored', detail: 'Message Undeliverable.' })).toEqual({
    code: 131026,
    title: 'Message undeliverable',
    detail: 'Message Undeliverable.',
    sentence: expect.stringContaining('could not deliver'),
    nextStep: expect.any(String),
    source: 'meta',
  })
})

test('an unknown code keeps the raw title', () => {
  expect(errorDoc({ code: 42, title: 'Strange thing' })).toMatchObject({ code: 42, title: 'Strange thing' })
})

test("a closed window that the platform notices has Meta's texts, with the platform as its source", () => {
  const theirs = errorDoc({ code: 131047 })
  expect(platformError('window-closed')).toEqual({ ...theirs, source: 'platform' })
})

test.for([
  [190, 'token'],
  [10, 'token'],
  [131031, 'account'],
  [368, 'account'],
  [131042, 'payment'],
  [131048, 'quality'],
  [133010, 'registration'],
  [33, 'registration'],
] as const)('code %i pauses with reason %s', ([code, reason]) => {
  expect(pauseReason(describeError({ code }))).toBe(reason)
})

test.for([
  'unknown-outcome',
  'window-closed',
  'template-unavailable',
  'opted-out',
  'expired',
  'disconnected',
  'unsendable',
  'media-gone',
  'cancelled',
] as const)('[design 13] a failure of ours has a name of its own for texts in other languages: %s', failure => {
  expect(failureKeyOf(platformError(failure))).toBe(failure)
  expect(failureKeyOf({ ...platformError(failure), source: 'meta' })).toBeNull()
})

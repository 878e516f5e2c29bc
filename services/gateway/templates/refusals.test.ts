import { globSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parseErrorEnvelope } from '#shared/meta/answers.ts'
import type { Refused } from '#shared/meta/client.ts'
import { isNotThere, metaFailure } from './refusals.ts'

const measured = { httpStatus: 400, latencyMs: 1, traceId: 'A5g' }
const refused = (error: Refused['error'], retryAfterMs = 0): Refused => ({ kind: 'refused', error, retryAfterMs, ...measured })
function fixture(name: string): Refused {
  const { response } = JSON.parse(readFileSync(name, 'utf8'))
  return refused({ ...parseErrorEnvelope(response.body), code: response.body.error.code, httpStatus: response.status })
}
const CREATIONS = globSync('test/fixtures/graph/template-create-{error-*,missing-*}.json')

test.for(CREATIONS)("%s is reported with Meta's code and text", name => {
  const failure = fixture(name)
  const { status, errorCode, message, extra } = metaFailure(failure)
  expect([status, errorCode]).toEqual([422, 'TEMPLATE_REFUSED'])
  expect(message).toBe(failure.error.detail)
  expect(extra.meta).toMatchObject({ code: 100, subcode: failure.error.subcode, traceId: 'A5g' })
})

test('there are refusals to report', () => {
  expect(CREATIONS.length).toBeGreaterThan(5)
})

test.for<[string, Parameters<typeof metaFailure>[0], number, string, string | undefined]>([
  ['no answer', { ...measured, kind: 'unknown', why: 'timeout' }, 502, 'META_OUTCOME_UNKNOWN', undefined],
  ['no connection', { ...measured, kind: 'unsent', why: 'refused' }, 503, 'META_UNAVAILABLE', '5'],
  ['a call held back', { ...measured, kind: 'unsent', why: 'limit', retryAfterMs: 30_500 }, 503, 'META_UNAVAILABLE', '31'],
  ['too many calls', refused({ code: 80008 }, 120_000), 503, 'META_UNAVAILABLE', '120'],
  ['a dead token', refused({ code: 190, subcode: 463 }), 409, 'TOKEN_INVALID', undefined],
])('%s is reported with its next step', ([, failure, status, errorCode, retryAfter]) => {
  const error = metaFailure(failure)
  expect([error.status, error.errorCode, error.headers['retry-after']]).toEqual([status, errorCode, retryAfter])
})

test('a template that is not at Meta is distinguished from one that Meta does not delete', () => {
  expect(isNotThere(fixture('test/fixtures/graph/template-delete-not-found.json'))).toBe(true)
  expect(isNotThere(refused({ code: 100, subcode: 33 }))).toBe(true)
  expect(isNotThere(refused({ code: 100, subcode: 2388007 }))).toBe(false)
})

import { expect, test } from 'vitest'
import { refusedStep, unansweredStep } from './problems.ts'
import type { StepKey } from './steps.ts'

test.for<[StepKey, number, number | null, RegExp]>([
  ['token', 100, 36007, /older than 30 seconds/],
  ['token', 100, 36008, /another address/],
  ['token', 100, 36009, /works once/],
  ['token', 1, null, /secret of the app/],
  ['register', 133005, null, /PIN/],
  ['register', 133006, null, /not verified/],
  ['register', 133016, null, /ten times/],
  ['history', 2593108, null, /24 hours/],
  ['subscribe', 190, 463, /token/],
  ['register', 100, null, /Its own text names the reason/],
  ['waba', 424242, null, /Its own text names the reason/],
])('%s: %i/%s is for people', ([key, code, subcode, sentence]) => {
  const outcome = refusedStep(key, { code, subcode, detail: 'Meta says so.', httpStatus: 400 })
  expect(outcome).toMatchObject({
    kind: 'failed',
    problem: { code, subcode, metaText: 'Meta says so.', sentence: expect.stringMatching(sentence) },
  })
  expect('problem' in outcome && outcome.problem.cure).toMatch(/\.$/)
})

test.for<[StepKey, number, number]>([
  ['subscribe', 2, 0],
  ['register', 133004, 0],
  ['register', 133015, 300_000],
  ['number', 80007, 1000],
])('%s: %i is tried again by itself', ([key, code, leastMs]) => {
  const outcome = refusedStep(key, { code, httpStatus: 500 })
  expect(outcome.kind).toBe('again')
  expect('afterMs' in outcome && outcome.afterMs).toBeGreaterThanOrEqual(leastMs)
})

test('a wait of more than an hour is told to people', () => {
  expect(refusedStep('number', { code: 80007, httpStatus: 400 }, 7_200_000).kind).toBe('failed')
})

test('a call without an answer is made again', () => {
  expect(unansweredStep(3000)).toMatchObject({ kind: 'again', afterMs: 3000 })
})

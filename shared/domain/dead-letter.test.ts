import { expect, test } from 'vitest'
import { causeOf } from './dead-letter.ts'

test.for<[string, string | null, string]>([
  ['not a send job', null, 'not a send job'],
  ['attempts used up', 'Error: E11000 duplicate key "a"\n    at x.ts:12', 'attempts used up: Error: E# duplicate key …'],
  ['attempts used up', 'Error: no row 65f0c2a4e1b2c3d4e5f60718', 'attempts used up: Error: no row #'],
  ['storing it failed', 'wamid.HBgLMjEy= is broken', 'storing it failed: # is broken'],
  ['delivery_limit', '', 'delivery_limit'],
  ['Error: twice', 'Error: twice\n at b', 'Error: twice'],
])('%s with %s is grouped as %s', ([reason, error, cause]) => {
  expect(causeOf(reason, error)).toBe(cause)
})

test('a cause has at most 200 characters', () => {
  expect(causeOf('x '.repeat(500), null).length).toBeLessThanOrEqual(200)
})

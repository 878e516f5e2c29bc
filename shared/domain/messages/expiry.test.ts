import { expect, test } from 'vitest'
import { expiryProblem, hasExpired, waitEndsAt } from './expiry.ts'

const at = (ms: number) => new Date(1_700_000_000_000 + ms)
const DAY_MS = 86_400_000

test.for<[Date | null | undefined, boolean]>([
  [undefined, false],
  [null, false],
  [at(1), false],
  [at(0), true],
  [at(-1), true],
])('a message with the expiry %s has expired: %s', ([expiresAt, expected]) => {
  expect(hasExpired({ ...(expiresAt !== undefined && { expiresAt }) }, at(0))).toBe(expected)
})

test('the longest wait counts from the time at which a message was due, unless another end was set', () => {
  expect(waitEndsAt({ createdAt: at(0), sendAt: null }, null, 1000)).toEqual(at(1000))
  expect(waitEndsAt({ createdAt: at(0), sendAt: at(500) }, null, 1000)).toEqual(at(1500))
  expect(waitEndsAt({ createdAt: at(0), sendAt: at(500) }, at(9000), 1000)).toEqual(at(9000))
})

test.for<[number, ReturnType<typeof expiryProblem>]>([
  [-1, 'past'],
  [0, 'past'],
  [1, null],
  [30 * DAY_MS, null],
  [30 * DAY_MS + 1, 'too-far'],
])('an expiry %d ms after the message is due: %s', ([ms, problem]) => {
  expect(expiryProblem(at(ms), at(0))).toBe(problem)
})

import { expect, test } from 'vitest'
import { failingSinceAfter, type Health, healthAfter, isToBeDisabled, MAX_CALLS, NEW_HEALTH } from './health.ts'

const after = (troubles: readonly boolean[], start: Health = NEW_HEALTH) =>
  troubles.reduce((health, isTrouble) => healthAfter(health, isTrouble, 0), start)
const failures = (count: number) => after(Array.from({ length: count }, () => true))

test('trouble halves the calls at once, down to one, and each success adds one', () => {
  expect([0, 1, 2, 3, 9].map(count => failures(count).limit)).toEqual([8, 4, 2, 1, 1])
  expect(after([false, false], failures(3)).limit).toBe(3)
  expect(after(Array.from({ length: 50 }, () => false)).limit).toBe(MAX_CALLS)
})

test('repeated trouble pauses the endpoint for longer and longer, at most a minute', () => {
  expect([1, 2, 3, 4, 5, 9, 10, 5000].map(count => failures(count).pausedUntil)).toEqual([
    0, 0, 1000, 2000, 4000, 60_000, 60_000, 60_000,
  ])
  expect(after([false], failures(9))).toMatchObject({ failures: 0, pausedUntil: 0 })
})

const at = (hours: number) => new Date(hours * 3_600_000)

test('a day of failures without a success disables, and a success begins anew', () => {
  const since = failingSinceAfter(failingSinceAfter(null, false, at(1)), false, at(20))
  expect(since).toEqual(at(1))
  expect(isToBeDisabled(since, at(24.9))).toBe(false)
  expect(isToBeDisabled(since, at(25))).toBe(true)
  expect(failingSinceAfter(since, true, at(25))).toBeNull()
  expect(isToBeDisabled(null, at(99))).toBe(false)
})

import { describe, expect, test } from 'vitest'
import { deletesMore, isLateFor, keptSince, MIN_KEEP_DAYS } from './retention.ts'

const NOW = new Date('2026-11-30T16:31:45Z')

describe('keptSince', () => {
  test.for<[string, string]>([
    ['2026-11-30T16:31:45Z', '2026-10-31T00:00:00Z'],
    ['2026-11-30T00:00:00Z', '2026-10-31T00:00:00Z'],
    ['2026-11-29T23:59:59.999Z', '2026-10-30T00:00:00Z'],
  ])('at %s thirty days reach back to %s', ([now, since]) => {
    expect(keptSince(30, new Date(now))).toEqual(new Date(since))
  })

  test('a message is kept for its days in full, and for less than a day more', () => {
    const days = (NOW.getTime() - keptSince(90, NOW).getTime()) / (24 * 3_600_000)
    expect(days).toBeGreaterThanOrEqual(90)
    expect(days).toBeLessThan(91)
  })
})

describe('isLateFor', () => {
  test('what the shortest retention may have passed is late, what is younger is not', () => {
    const passed = new Date(keptSince(MIN_KEEP_DAYS, NOW).getTime() - 1)
    expect(isLateFor(passed, NOW)).toBe(true)
    expect(isLateFor(new Date('2026-11-02T00:00:00Z'), NOW)).toBe(false)
  })

  test('whatever is not late when it is stored was passed by no retention', () => {
    const oldest = new Date(NOW.getTime() - (MIN_KEEP_DAYS - 1) * 24 * 3_600_000)
    expect(isLateFor(oldest, NOW)).toBe(false)
    expect(oldest.getTime()).toBeGreaterThan(keptSince(MIN_KEEP_DAYS, NOW).getTime())
  })
})

test.for<[number | null, number | null, boolean]>([
  [null, 365, true],
  [365, 90, true],
  [90, 365, false],
  [90, 90, false],
  [90, null, false],
  [null, null, false],
])('from %s to %s days deletes more: %s', ([before, after, expected]) => {
  expect(deletesMore(before, after)).toBe(expected)
})

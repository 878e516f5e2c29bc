import { expect, test } from 'vitest'
import { fieldValue, snoozeTimes } from './snooze-times.ts'

const shown = (now: string) =>
  Object.fromEntries(Object.entries(snoozeTimes(new Date(now))).map(([name, at]) => [name, fieldValue(at)]))

test('later is an hour, tomorrow morning, Monday morning, or in a week', () => {
  // A Thursday.
  expect(shown('2026-11-26T16:20')).toEqual({
    hour: '2026-11-26T17:20',
    tomorrow: '2026-11-27T09:00',
    monday: '2026-11-30T09:00',
    week: '2026-12-03T09:00',
  })
})

test('on a Monday, Monday is the next one; on a Sunday it is tomorrow', () => {
  expect(shown('2026-11-30T08:00').monday).toBe('2026-12-07T09:00')
  expect(shown('2026-11-29T23:59').monday).toBe('2026-11-30T09:00')
})

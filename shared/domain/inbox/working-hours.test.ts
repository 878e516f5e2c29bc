import { describe, expect, test } from 'vitest'
import { closedPeriodAt, type WorkingHours } from './working-hours.ts'

const ZONE = 'Europe/Paris'
/** Monday to Friday with a break, Saturday morning. */
const HOURS: WorkingHours = {
  intervals: [1, 2, 3, 4, 5]
    .flatMap(day => [
      { day, from: '09:00', to: '12:30' },
      { day, from: '14:00', to: '18:00' },
    ])
    .concat({ day: 6, from: '09:00', to: '12:00' }),
  holidays: ['2026-11-18'],
}
const utc = (text: string) => new Date(`${text}:00Z`)

describe('[peers G] working hours', () => {
  // Paris is one hour ahead of UTC in winter. 2026-11-27 is a Friday.
  test.for([
    ['2026-11-27T09:00', null],
    ['2026-11-27T07:59', '2026-11-26T18:00'],
    ['2026-11-27T08:00', null],
    ['2026-11-27T11:29', null],
    ['2026-11-27T11:30', '2026-11-27T12:30'],
    ['2026-11-27T17:00', '2026-11-27T18:00'],
    ['2026-11-28T02:00', '2026-11-27T18:00'],
    ['2026-11-28T11:00', '2026-11-28T12:00'],
    ['2026-11-29T20:00', '2026-11-28T12:00'],
    ['2026-11-30T07:00', '2026-11-28T12:00'],
    ['2026-11-30T08:30', null],
    // The holiday is one period with the evening before it.
    ['2026-11-18T10:00', '2026-11-17T18:00'],
    ['2026-11-19T06:00', '2026-11-17T18:00'],
  ] as const)('at %s UTC: %s', ([at, period]) => {
    expect(closedPeriodAt(HOURS, ZONE, utc(at))).toBe(period)
  })

  test('without any hour it is always closed, in one period', () => {
    expect(closedPeriodAt({ intervals: [], holidays: [] }, ZONE, utc('2026-11-27T09:00'))).toBe('long-ago')
  })

  test('a day that ends at midnight meets the next', () => {
    const always = [1, 2, 3, 4, 5, 6, 7].map(day => ({ day, from: '00:00', to: '24:00' }))
    for (const at of ['2026-11-27T22:59', '2026-11-27T23:00', '2026-11-28T00:01'])
      expect(closedPeriodAt({ intervals: always, holidays: [] }, ZONE, utc(at))).toBeNull()
  })

  test('the clock that is changed in the night keeps the period', () => {
    const hours = { intervals: [{ day: 6, from: '09:00', to: '17:00' }], holidays: [] }
    // In Paris clocks went back on Sunday, 25 October 2026, at 01:00 UTC.
    for (const at of ['2026-10-24T20:00', '2026-10-25T00:30', '2026-10-25T01:30', '2026-10-25T12:00'])
      expect(closedPeriodAt(hours, 'Europe/Paris', utc(at))).toBe('2026-10-24T17:00')
  })
})

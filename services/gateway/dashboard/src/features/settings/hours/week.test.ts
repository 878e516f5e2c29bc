import { expect, test } from 'vitest'
import { addInterval, dayName, isWrong, mondayToFriday, USUAL_WEEK, weekInWords } from './week.ts'

const hours = (...intervals: [day: number, from: string, to: string][]) => ({
  intervals: intervals.map(([day, from, to]) => ({ day, from, to })),
  holidays: ['2026-12-25'],
})

test('days are named from Monday on', () => {
  expect([dayName(1, 'en'), dayName(7, 'fr')]).toEqual(['Monday', 'dimanche'])
  expect(weekInWords(hours([1, '09:00', '12:00'], [1, '14:00', '18:00'], [7, '10:00', '24:00']), 'en')).toBe(
    'Monday 09:00–12:00, 14:00–18:00 · Sunday 10:00–24:00',
  )
})

test('a further interval begins where the last one ends, and stands with its day', () => {
  expect(addInterval(hours([1, '09:00', '12:00'], [3, '09:00', '12:00']), 1).intervals).toEqual(
    hours([1, '09:00', '12:00'], [1, '12:00', '24:00'], [3, '09:00', '12:00']).intervals,
  )
  expect(addInterval(hours(), 6).intervals).toEqual([{ day: 6, from: '09:00', to: '18:00' }])
})

test('the working days become as Monday is; the weekend and the holidays stay', () => {
  const { intervals, holidays } = mondayToFriday(hours([1, '08:00', '16:00'], [3, '10:00', '11:00'], [6, '10:00', '14:00']))
  expect(intervals.map(({ day, from }) => `${day} ${from}`)).toEqual([
    '1 08:00',
    '2 08:00',
    '3 08:00',
    '4 08:00',
    '5 08:00',
    '6 10:00',
  ])
  expect(holidays).toEqual(['2026-12-25'])
})

test('an interval must end after it begins and must not meet another one of its day', () => {
  const week = hours([1, '09:00', '12:00'], [1, '11:00', '14:00'], [1, '14:00', '18:00'], [2, '10:00', '10:00'])
  expect(week.intervals.map(one => isWrong(week, one))).toEqual([true, true, false, true])
  expect(USUAL_WEEK.intervals.some(one => isWrong(USUAL_WEEK, one))).toBe(false)
})

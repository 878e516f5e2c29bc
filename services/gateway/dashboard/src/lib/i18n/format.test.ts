import { expect, test } from 'vitest'
import { formatsOf } from './format.ts'

const NOW = new Date('2026-11-20T12:00:00Z')
const en = formatsOf('en', 'Africa/Lagos')
const fr = formatsOf('fr', 'Africa/Lagos')
const ar = formatsOf('ar', 'Africa/Lagos')
/** Without the marks and spaces that have no width or do not break. */
const plain = (text: string) => text.replace(/[\u200e\u200f\u061c]/g, '').replace(/[\u00a0\u202f]/g, ' ')

test('times in lists: today, yesterday, within a week, this year, another year', () => {
  const shown = (at: string) => [en, fr, ar].map(({ listTime }) => plain(listTime(at, NOW)))
  expect(shown('2026-11-20T09:06:00Z')).toEqual(['10:06', '10:06', '10:06'])
  expect(shown('2026-11-19T09:06:00Z')).toEqual(['Yesterday', 'Hier', 'أمس'])
  expect(shown('2026-11-17T09:06:00Z')).toEqual(['Tue', 'mar.', 'الثلاثاء'])
  expect(shown('2026-11-03T09:06:00Z').slice(0, 2)).toEqual(['3 Nov', '3 nov.'])
  expect(shown('2025-11-03T09:06:00Z').slice(0, 2)).toEqual(['03/11/25', '03/11/25'])
})

test('days change at midnight of the zone', () => {
  expect(en.listTime('2026-11-19T23:30:00Z', NOW)).toBe('00:30')
  expect(en.listTime('2026-11-19T22:30:00Z', NOW)).toBe('Yesterday')
})

test('durations have two units at most', () => {
  expect([850, 2400, 46_000, 106_000, 3_600_000, 93_784_000].map(ms => plain(en.duration(ms)))).toEqual([
    '850 ms',
    '2.4 sec',
    '46 sec',
    '1 min 46 sec',
    '1 hr',
    '1 day 2 hr',
  ])
})

test('what is left of a window: hh:mm from an hour on, then minutes', () => {
  expect([86_160_000, 3_600_000, 3_599_000, 42 * 60_000, 0].map(ms => plain(en.left(ms)))).toEqual([
    '23:56',
    '1:00',
    '59 min',
    '42 min',
    '0 min',
  ])
  expect(plain(ar.left(42 * 60_000))).toBe('42 د')
})

test('numbers are whole and have the digits that Morocco uses', () => {
  expect([en, fr, ar].map(({ number }) => plain(number(4211)))).toEqual(['4,211', '4 211', '4.211'])
  expect([en.percent(0.974), en.percent(0.5), en.percent(0.042), en.percent(1)]).toEqual(['97.4%', '50%', '4.2%', '100%'])
})

test('a price is never torn apart', () => {
  for (const { money } of [en, fr, ar]) expect(money(2558.78, 'MAD')).not.toContain(' ')
  expect(plain(fr.money(0.4, 'MAD'))).toBe('0,40 MAD')
})

import { expect, test } from 'vitest'
import { localText, presetsAt, timeIn } from './later.ts'

const shown = (now: Date) => presetsAt(now).map(({ id, at }) => `${id} ${localText(at)}`)

test('on a Wednesday morning all four are offered', () => {
  expect(shown(new Date(2026, 10, 25, 10, 30))).toEqual([
    'hour 2026-11-25T11:30',
    'evening 2026-11-25T18:00',
    'tomorrow 2026-11-26T09:00',
    'monday 2026-11-30T09:00',
  ])
})

test('there is no evening left at five, and tomorrow is Monday on a Sunday', () => {
  expect(shown(new Date(2026, 10, 29, 17, 0))).toEqual(['hour 2026-11-29T18:00', 'tomorrow 2026-11-30T09:00'])
})

test('on a Monday the next Monday is in a week', () => {
  expect(shown(new Date(2026, 10, 30, 17, 30)).at(-1)).toBe('monday 2026-12-07T09:00')
})

test.for([
  ['2026-11-25T10:31', true],
  ['2026-11-25T10:30', false],
  ['2027-02-22T10:30', true],
  ['2027-02-24T10:30', false],
  ['', false],
] as const)('%j can be chosen: %s', ([text, isRight]) => {
  expect(timeIn(text, new Date(2026, 10, 25, 10, 30)) !== null).toBe(isRight)
})

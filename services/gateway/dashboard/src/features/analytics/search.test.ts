import { expect, test } from 'vitest'
import { askedDays, daysBefore, lengthOf, readAnalyticsSearch, withDay } from './search.ts'

const NOVEMBER = { from: '2026-11-01', to: '2026-11-30' }

test('the address keeps what differs from the default, and loses what no report takes', () => {
  expect(readAnalyticsSearch({ days: 30, by: 'number', cost: 'template' })).toEqual({})
  expect(readAnalyticsSearch({ days: 7, by: 'agent', cost: 'country', number: 'n', agent: 'a', template: 12 })).toEqual({
    ...{ days: 7, by: 'agent', cost: 'country', number: 'n', agent: 'a', template: '12' },
  })
  expect(readAnalyticsSearch({ ...NOVEMBER, days: 7 })).toEqual(NOVEMBER)
  expect(readAnalyticsSearch({ days: 8, by: 'day', cost: 'tenant', template: '' })).toEqual({})
})

test.for([
  { from: '2026-11-30', to: '2026-11-01' },
  { from: '2024-01-01', to: '2026-11-30' },
  { from: '2026-02-31x', to: '2026-11-30' },
  { from: '2026-11-01' },
])('%j is no period', given => expect(readAnalyticsSearch(given)).toEqual({}))

test('a period up to today waits until the day is known; the default is the server’s', () => {
  expect(askedDays({}, undefined)).toEqual({})
  expect(askedDays({ days: 7 }, undefined)).toBeUndefined()
  expect(askedDays({ days: 7 }, '2026-11-29')).toEqual({ from: '2026-11-23', to: '2026-11-29' })
  expect(askedDays(NOVEMBER, undefined)).toEqual(NOVEMBER)
})

test('the period before is as long and ends the day before', () => {
  expect(daysBefore(NOVEMBER)).toEqual({ from: '2026-10-02', to: '2026-10-31' })
  expect(lengthOf(daysBefore({ from: '2026-11-29', to: '2026-11-29' }))).toBe(1)
})

test('the other end of a period follows, so that it is always one that can be asked for', () => {
  expect(withDay(NOVEMBER, 'to', '2026-11-10')).toEqual({ from: '2026-11-01', to: '2026-11-10' })
  expect(withDay(NOVEMBER, 'to', '2026-10-10')).toEqual({ from: '2026-10-10', to: '2026-10-10' })
  expect(withDay(NOVEMBER, 'from', '2026-12-10')).toEqual({ from: '2026-12-10', to: '2026-12-10' })
  const long = withDay(NOVEMBER, 'from', '2020-01-01')
  expect([long.from, lengthOf(long)]).toEqual(['2020-01-01', 400])
  const late = withDay(NOVEMBER, 'to', '2030-01-01')
  expect([late.to, lengthOf(late)]).toEqual(['2030-01-01', 400])
})

import { expect, test } from 'vitest'
import { DEFAULT_STOPS, isEased, isStopped, levelNow, type SpendCeiling, spendLevel } from './spend-ceiling.ts'

const CEILING: SpendCeiling = { amount: 1000, of: 'cost', ...DEFAULT_STOPS }

test.for([
  [0, null],
  [799.99, null],
  [800, 'warning'],
  [900, 'campaigns'],
  [950, 'templates'],
  [1000, 'everything'],
  [5000, 'everything'],
] as const)('a spend of %d out of 1,000 reaches %s', ([spent, level]) => {
  expect(spendLevel(CEILING, spent)).toBe(level)
})

test('prices that add up to the ceiling reach it, whatever binary fractions make of them', () => {
  expect(spendLevel({ ...CEILING, amount: 8.2 + 4 * 0.4 }, 9.8)).toBe('everything')
})

test('a ceiling of nothing stops everything', () => {
  expect(spendLevel({ ...CEILING, amount: 0 }, 0)).toBe('everything')
})

test('campaigns stop first, then templates, replies last', () => {
  const stopped = (level: Parameters<typeof isStopped>[0]) =>
    (['campaign', 'template', 'reply'] as const).filter(kind => isStopped(level, kind))
  expect([null, 'warning', 'campaigns', 'templates', 'everything'].map(level => stopped(level as never))).toEqual([
    [],
    [],
    ['campaign'],
    ['campaign', 'template'],
    ['campaign', 'template', 'reply'],
  ])
})

test('a stop ends with its month, in the time zone of the account', () => {
  const stop = { month: '2026-11', level: 'templates' as const, at: new Date() }
  const lastMinute = new Date('2026-11-30T23:30:00Z')
  expect([levelNow(stop, 'UTC', lastMinute), levelNow(stop, 'Asia/Tokyo', lastMinute)]).toEqual(['templates', null])
  expect(levelNow(null, 'UTC', lastMinute)).toBeNull()
})

test('less waits when the level falls', () => {
  expect([
    isEased('templates', 'campaigns'),
    isEased('campaigns', null),
    isEased(null, 'warning'),
    isEased('campaigns', 'templates'),
  ]).toEqual([true, true, false, false])
})

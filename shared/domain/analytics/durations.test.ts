import { expect, test } from 'vitest'
import { bucketOf, durationOf, quantileOf, totalOf } from './durations.ts'

const counted = (durations: number[]) => {
  const buckets: Record<string, number> = {}
  for (const ms of durations) buckets[bucketOf(ms)] = (buckets[bucketOf(ms)] ?? 0) + 1
  return buckets
}

test('a duration is read from its bucket within 2 %, from a second to a year', () => {
  for (let ms = 1000; ms < 365 * 86_400_000; ms = Math.ceil(ms * 1.013)) {
    expect(Math.abs(durationOf(bucketOf(ms)) / ms - 1)).toBeLessThanOrEqual(0.021)
  }
  expect(bucketOf(365 * 86_400_000)).toBeLessThan(441)
})

test('what is shorter than a second counts as a second', () => {
  expect([bucketOf(-5), bucketOf(0), bucketOf(1000)]).toEqual([0, 0, 0])
})

test('median and p90 are the durations that half and nine in ten did not exceed', () => {
  const buckets = counted([60_000, 1000, 120_000, 7_200_000, 90_000, 30_000, 45_000, 15_000, 5000, 600_000])
  const within = (found: number | null, exact: number) => Math.abs((found ?? 0) / exact - 1)
  expect(within(quantileOf(buckets, 0.5), 45_000)).toBeLessThanOrEqual(0.021)
  expect(within(quantileOf(buckets, 0.9), 600_000)).toBeLessThanOrEqual(0.021)
  expect(totalOf(buckets)).toBe(10)
  expect([quantileOf({}, 0.5), quantileOf({ 7: 0 }, 0.5)]).toEqual([null, null])
})

test('sums of buckets are the buckets of all', () => {
  const [a, b] = [
    [1000, 5000, 9000],
    [2000, 70_000],
  ]
  const sum = counted(a)
  for (const [bucket, count] of Object.entries(counted(b))) sum[bucket] = (sum[bucket] ?? 0) + count
  expect(sum).toEqual(counted([...a, ...b]))
})

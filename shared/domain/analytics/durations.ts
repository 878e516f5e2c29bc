/**
 * Durations counted in buckets, so that medians of any days can be added up: bucket `i` holds durations above `RATIO ** (i - 1)` up
 * to `RATIO ** i` seconds. What is read from a bucket differs from the duration by at most 2 %. A year needs 441 buckets.
 */
const ACCURACY = 0.02
const RATIO = (1 + ACCURACY) / (1 - ACCURACY)
const LOG_RATIO = Math.log(RATIO)

/** How often durations fell into each bucket, by the number of the bucket. */
export type Buckets = Readonly<Record<string, number>>

/** Bucket of a duration; what is shorter than a second, or negative because of two clocks, counts as a second. */
export const bucketOf = (ms: number): number => Math.max(0, Math.ceil(Math.log(Math.max(ms, 1) / 1000) / LOG_RATIO - 1e-9))

/** Duration in ms that stands for a bucket. */
export const durationOf = (bucket: number): number => Math.round((2 * RATIO ** bucket * 1000) / (RATIO + 1))

/** @param share 0.5 for the median @returns the duration in ms that so many did not exceed; null when nothing was counted */
export function quantileOf(buckets: Buckets, share: number): number | null {
  const counted = Object.entries(buckets)
    .map(([bucket, count]) => ({ bucket: Number(bucket), count }))
    .filter(({ count }) => count > 0)
    .toSorted((a, b) => a.bucket - b.bucket)
  const total = counted.reduce((sum, { count }) => sum + count, 0)
  let passed = 0
  for (const { bucket, count } of counted) {
    passed += count
    if (passed >= Math.ceil(share * total)) return durationOf(bucket)
  }
  return null
}

/** Number of durations that were counted. */
export const totalOf = (buckets: Buckets): number => Object.values(buckets).reduce((sum, count) => sum + count, 0)

/** Counts by key within the current second. */
export interface SecondRate {
  /** Counts the key. @returns its count in this second */
  count(key: string): number
}

export function createSecondRate(now: () => number = Date.now): SecondRate {
  let second = 0
  let counts = new Map<string, number>()
  return {
    count(key) {
      const current = Math.floor(now() / 1000)
      if (current !== second) {
        second = current
        counts = new Map()
      }
      const count = (counts.get(key) ?? 0) + 1
      counts.set(key, count)
      return count
    },
  }
}

export interface SharedRuns<T> {
  /** Resolves when a run with all of these items has ended, rejects as it did. */
  add(items: T[]): Promise<void>
}

interface Call<T> {
  items: T[]
  done: () => void
  failed: (error: unknown) => void
}

export interface SharedRunsOptions {
  /** Runs side by side at most. */
  parallel: number
  /** Beside others a run starts only for so many items: below that the next one is waited for. */
  crowd: number
  /** In one run, unless a single call has more. */
  maxItems: number
}

/**
 * Group commit: what is added while a run is under way goes into the next one together, calls whole and in order. So a quiet
 * moment waits for nobody, a busy one needs few runs, and a crowd gets several at a time.
 */
export function createSharedRuns<T>(
  run: (items: T[]) => Promise<void>,
  { parallel, crowd, maxItems }: SharedRunsOptions,
): SharedRuns<T> {
  const waiting: Call<T>[] = []
  let running = 0

  /** At least one call, and more while they fit. */
  function takeGroup(): Call<T>[] {
    let size = 0
    const end = waiting.findIndex((call, i) => {
      size += call.items.length
      return i > 0 && size > maxItems
    })
    return waiting.splice(0, end === -1 ? waiting.length : end)
  }

  async function runGroup(group: Call<T>[]): Promise<void> {
    try {
      await run(group.flatMap(call => call.items))
      for (const { done } of group) done()
    } catch (error) {
      for (const { failed } of group) failed(error)
    }
  }

  function next(): void {
    if (running === parallel || waiting.length === 0) return
    if (running > 0 && waiting.reduce((sum, { items }) => sum + items.length, 0) < crowd) return
    running++
    void runGroup(takeGroup()).finally(() => {
      running--
      next()
    })
  }

  return {
    add: items =>
      new Promise((done, failed) => {
        waiting.push({ items, done, failed })
        next()
      }),
  }
}

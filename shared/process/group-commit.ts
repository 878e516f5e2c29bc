export interface SharedRuns<T> {
  /** Resolves when the run with these items has ended; rejects with its error. */
  add(items: T[]): Promise<void>
}

interface Call<T> {
  items: T[]
  done: () => void
  failed: (error: unknown) => void
}

export interface SharedRunsOptions {
  /** Maximum number of runs at the same time. */
  parallel: number
  /** Items that must wait before another run starts beside one; fewer wait for that one to end. */
  minParallelItems: number
  /** Maximum items of one run, unless a single call has more. */
  maxItems: number
}

/**
 * Group commit: items that are added during a run share the next one, in order; the items of one call stay together. So a single
 * call does not wait, a moderate load needs few runs, and a heavy load gets several at the same time.
 */
export function createSharedRuns<T>(
  run: (items: T[]) => Promise<void>,
  { parallel, minParallelItems, maxItems }: SharedRunsOptions,
): SharedRuns<T> {
  const waiting: Call<T>[] = []
  let running = 0

  /** Removes the first waiting call and those after it that fit into the same run. */
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
    if (running > 0 && waiting.reduce((sum, { items }) => sum + items.length, 0) < minParallelItems) return
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

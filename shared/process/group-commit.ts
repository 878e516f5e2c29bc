export interface SharedRuns<T> {
  /** Resolves when the run with these items has ended; rejects with its error. */
  add(items: T[]): Promise<void>
  /** Number of items that wait or run. */
  size(): number
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
  /** Time that a run waits for further calls; 0: to the end of the event loop's turn. By default it begins at once. */
  gatherMs?: number
}

/**
 * Group commit: items that are added during a run share the next one, in order; the items of one call stay together. So a single
 * call does not wait, a moderate load needs few runs, and a heavy load gets several at the same time.
 */
export function createSharedRuns<T>(
  run: (items: T[]) => Promise<void>,
  { parallel, minParallelItems, maxItems, gatherMs }: SharedRunsOptions,
): SharedRuns<T> {
  const waiting: Call<T>[] = []
  let running = 0
  let size = 0
  let isGathering = false

  /** Removes the first waiting call and those after it that fit into the same run. */
  function takeGroup(): Call<T>[] {
    let items = 0
    const end = waiting.findIndex((call, i) => {
      items += call.items.length
      return i > 0 && items > maxItems
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

  function mayStart(): boolean {
    if (running === parallel || waiting.length === 0) return false
    return running === 0 || countOf(waiting) >= minParallelItems
  }

  function next(): void {
    while (mayStart()) {
      running++
      const group = takeGroup()
      void runGroup(group).finally(() => {
        running--
        size -= countOf(group)
        next()
      })
    }
  }

  function gather(): void {
    if (isGathering) return
    isGathering = true
    const begin = () => {
      isGathering = false
      next()
    }
    if (gatherMs) setTimeout(begin, gatherMs)
    else setImmediate(begin)
  }

  return {
    size: () => size,
    add: items =>
      new Promise((done, failed) => {
        size += items.length
        waiting.push({ items, done, failed })
        if (gatherMs === undefined) next()
        else gather()
      }),
  }
}

const countOf = (calls: readonly Call<unknown>[]): number => calls.reduce((sum, { items }) => sum + items.length, 0)

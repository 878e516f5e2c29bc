import { setTimeout as sleep } from 'node:timers/promises'
import { Outage } from '#shared/domain/errors.ts'

export interface CollectorOptions<T> {
  write: (batch: T[]) => Promise<void>
  /** Called for each item that could not be written; a sweep finds its row. */
  onLost: (item: T, error: unknown) => void
  maxBatch?: number
  lingerMs?: number
  /** Shortest time between two writes of a stream of items. */
  everyMs?: number
  /** Maximum number of batches written at once. */
  parallel?: number
  /** Items that must wait before another write starts beside one, 50 by default; fewer wait for that one to end. */
  minParallelItems?: number
  /** How long a write is retried while the store is away. */
  patienceMs?: number
}

/**
 * Collects items into shared writes: a full batch at once, a lone item after `lingerMs`, a stream of items every `everyMs`. Items
 * that arrive during a write share the next one, unless they are many.
 */
export function createCollector<T>(options: CollectorOptions<T>) {
  const { write, onLost, maxBatch = 200, lingerMs = 5, everyMs = 40, parallel = 3, patienceMs = 60_000 } = options
  const minParallelItems = Math.min(maxBatch, options.minParallelItems ?? 50)
  const waiting: { item: T; done: () => void }[] = []
  let timer: NodeJS.Timeout | null = null
  let writing = 0
  let flushedAt = -everyMs

  function flush(): void {
    if (timer) clearTimeout(timer)
    timer = null
    while (mayWrite()) {
      flushedAt = performance.now()
      const batch = waiting.splice(0, maxBatch)
      writing++
      save(batch.map(({ item }) => item))
        .finally(() => {
          writing--
          for (const { done } of batch) done()
          schedule()
        })
        .catch(() => undefined)
    }
  }

  function mayWrite(): boolean {
    if (writing === 0) return waiting.length > 0
    return writing < parallel && waiting.length >= minParallelItems
  }

  function schedule(): void {
    if (waiting.length >= maxBatch) flush()
    else if (mayWrite()) timer ??= setTimeout(flush, Math.max(lingerMs, flushedAt + everyMs - performance.now()))
  }

  async function save(batch: T[]): Promise<void> {
    const giveUpAt = performance.now() + patienceMs
    for (let pauseMs = 100; ; pauseMs = Math.min(pauseMs * 2, 2000)) {
      try {
        return await write(batch)
      } catch (error) {
        if (!(error instanceof Outage)) return await saveSingly(batch, error)
        if (performance.now() > giveUpAt) return giveUp(batch, error)
      }
      await sleep(pauseMs)
    }
  }

  function giveUp(batch: T[], error: unknown): void {
    for (const item of batch) onLost(item, error)
  }

  /** Writes the items one by one, so that a bad one is lost alone. */
  async function saveSingly(batch: T[], error: unknown): Promise<void> {
    if (batch.length === 1) return giveUp(batch, error)
    for (const item of batch) await save([item])
  }

  return {
    /** Resolves when the item is written or given up. */
    add(item: T): Promise<void> {
      return new Promise(done => {
        waiting.push({ item, done })
        schedule()
      })
    },
  }
}

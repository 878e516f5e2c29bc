import { setTimeout as sleep } from 'node:timers/promises'

/** A contestant does not get to the end of its turn. The benchmark says so and goes on without it. */
export class Unfinished extends Error {
  override readonly name = 'Unfinished'
}

/** Longest wait for a turn to end after its load. */
export const PATIENCE_MS = 60_000

export interface Goal {
  /** What is counted, such as 'messages stored'. */
  what: string
  goal: number
  everyMs?: number
  patienceMs?: number
}

/** Waits until the count reaches its goal. @returns the time waited in ms. @throws Unfinished with how far it came */
export async function untilCounted(
  { what, goal, everyMs = 20, patienceMs = PATIENCE_MS }: Goal,
  count: () => number | Promise<number>,
): Promise<number> {
  const startedAt = performance.now()
  for (;;) {
    const counted = await count()
    const waitedMs = performance.now() - startedAt
    if (counted >= goal) return waitedMs
    if (waitedMs > patienceMs) throw new Unfinished(`${counted} of ${goal} ${what} after ${Math.round(waitedMs / 1000)} s`)
    await sleep(everyMs)
  }
}

/** @throws Unfinished when the work takes longer; it is not stopped */
export async function within<T>(what: string, patienceMs: number, work: Promise<T>): Promise<T> {
  const stop = new AbortController()
  const late = sleep(patienceMs, undefined, { signal: stop.signal }).then(() => {
    throw new Unfinished(`${what} not within ${Math.round(patienceMs / 1000)} s`)
  })
  // The abort below rejects it.
  late.catch(() => undefined)
  try {
    return await Promise.race([work, late])
  } finally {
    stop.abort()
  }
}

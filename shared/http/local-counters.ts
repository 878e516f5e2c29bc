interface Window {
  count: number
  until: number
}

const CAPACITY = 50_000
/** Counters that all further keys share when every counter of their own is in use. */
const SHARED = 256
/** Looking for expired windows reads all of them, so it is not done for each new key. */
const SWEEP_MS = 1000

/**
 * Counts per key and window in this process, for limits whose Redis is away. The memory is bounded and no count is lost before
 * its window ends: when all counters are in use, expired ones are dropped, and further keys share a few counters. They are then
 * refused too early, but never without a limit.
 */
export class LocalCounters {
  readonly #own = new Map<string, Window>()
  readonly #shared = new Map<string, Window>()
  readonly #capacity: number
  readonly #now: () => number
  #sweptAt = Number.NEGATIVE_INFINITY

  /** @param now in ms */
  constructor({ capacity = CAPACITY, now = Date.now }: { capacity?: number; now?: () => number } = {}) {
    this.#capacity = capacity
    this.#now = now
  }

  /** Adds one. A window begins with its first count. @returns the count and the rest of the window in ms */
  add(key: string, windowMs: number): { count: number; leftMs: number } {
    const now = this.#now()
    const [windows, name] = this.#placeOf(key, now)
    const known = windows.get(name)
    const entry = known && known.until > now ? known : { count: 0, until: now + windowMs }
    entry.count++
    windows.set(name, entry)
    return { count: entry.count, leftMs: entry.until - now }
  }

  /** The present count; 0 without a window. A shared counter is the sum of its keys. */
  peek(key: string): { count: number; leftMs: number } {
    const now = this.#now()
    const entry = this.#own.get(key) ?? this.#shared.get(sharedName(key))
    return entry && entry.until > now ? { count: entry.count, leftMs: entry.until - now } : { count: 0, leftMs: 0 }
  }

  /** Takes one back. */
  giveBack(key: string): void {
    const entry = this.#own.get(key) ?? this.#shared.get(sharedName(key))
    if (entry && entry.count > 0) entry.count--
  }

  /** Ends the window of a key. A shared counter stays, because it belongs to others as well. */
  forget(key: string): void {
    this.#own.delete(key)
  }

  #placeOf(key: string, now: number): [Map<string, Window>, string] {
    if (this.#own.has(key)) return [this.#own, key]
    if (this.#own.size >= this.#capacity) this.#sweep(now)
    return this.#own.size < this.#capacity ? [this.#own, key] : [this.#shared, sharedName(key)]
  }

  #sweep(now: number): void {
    if (now - this.#sweptAt < SWEEP_MS) return
    this.#sweptAt = now
    for (const [key, { until }] of this.#own) if (until <= now) this.#own.delete(key)
  }
}

/** FNV-1a, which spreads keys evenly; nobody gains by a collision. */
function sharedName(key: string): string {
  let hash = 0x811c9dc5
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193) >>> 0
  return String(hash % SHARED)
}

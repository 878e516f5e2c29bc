/**
 * A cache of at most `capacity` entries, each kept for a time. When full, the oldest entry is removed, so that lookups of unknown
 * keys cannot fill the memory.
 */
export class TtlCache<K, V> {
  readonly #entries = new Map<K, { value: V; until: number }>()
  readonly #capacity: number
  readonly #now: () => number

  constructor(capacity: number, now: () => number = () => performance.now()) {
    this.#capacity = capacity
    this.#now = now
  }

  /** The value, or undefined when there is none or it has expired. */
  get(key: K): V | undefined {
    const entry = this.#entries.get(key)
    if (entry === undefined) return undefined
    if (entry.until > this.#now()) return entry.value
    this.#entries.delete(key)
    return undefined
  }

  set(key: K, value: V, ttlMs: number): void {
    this.#entries.delete(key)
    if (this.#entries.size >= this.#capacity) this.#entries.delete(this.#entries.keys().next().value as K)
    this.#entries.set(key, { value, until: this.#now() + ttlMs })
  }

  delete(key: K): void {
    this.#entries.delete(key)
  }
}

/** The last `capacity` entries, oldest first: a log of bounded memory. */
export class RingBuffer<T> {
  #entries: T[] = []
  #next = 0
  readonly capacity: number
  /** How many entries were ever added. */
  total = 0

  constructor(capacity: number) {
    this.capacity = capacity
  }

  add(entry: T): void {
    this.total++
    if (this.#entries.length < this.capacity) this.#entries.push(entry)
    else this.#entries[this.#next++ % this.capacity] = entry
  }

  *[Symbol.iterator](): Generator<T> {
    const start = this.#next % this.capacity
    for (let i = start; i < this.#entries.length; i++) yield this.#entries[i] as T
    for (let i = 0; i < start; i++) yield this.#entries[i] as T
  }

  clear(): void {
    this.#entries = []
    this.#next = 0
    this.total = 0
  }
}

/** A map that drops its oldest keys beyond `capacity`. */
export class BoundedMap<K, V> extends Map<K, V> {
  readonly capacity: number

  constructor(capacity: number) {
    super()
    this.capacity = capacity
  }

  override set(key: K, value: V): this {
    super.set(key, value)
    if (this.size > this.capacity) this.delete(this.keys().next().value as K)
    return this
  }
}

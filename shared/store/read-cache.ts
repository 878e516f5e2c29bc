import { TtlCache } from './ttl-cache.ts'

/**
 * Answers of reads, each kept for a time. Callers of the same moment share one read. A failure and the answer null are not kept:
 * the next caller reads again.
 */
export class ReadCache<V> {
  readonly #capacity: number
  readonly #ttlMs: number
  #answers: TtlCache<string, Promise<V>>

  constructor({ capacity, ttlMs }: { capacity: number; ttlMs: number }) {
    this.#capacity = capacity
    this.#ttlMs = ttlMs
    this.#answers = new TtlCache(capacity)
  }

  /** @param read reads the answer if none is kept */
  get(key: string, read: () => Promise<V>): Promise<V> {
    const answers = this.#answers
    const kept = answers.get(key)
    if (kept !== undefined) return kept
    const answer = read()
    const forget = () => answers.get(key) === answer && answers.delete(key)
    answers.set(key, answer, this.#ttlMs)
    answer.then(value => value === null && forget(), forget)
    return answer
  }

  /** Forgets all answers, also of reads that are under way: these began before the change that makes them old. */
  clear(): void {
    this.#answers = new TtlCache(this.#capacity)
  }
}

import { createHash } from 'node:crypto'

const FIRST_SLOTS = 1024

/**
 * The keys that a file has had so far, with their rows, in 12 bytes each instead of the key's text: a hash table over two arrays.
 * Keys are told apart by 64 bits of their SHA-256, so two of a million are taken for one with a probability of 3 in 100 million.
 */
export class SeenKeys {
  #hashes = new BigUint64Array(FIRST_SLOTS)
  /** 0 marks a free slot: rows count from 1. */
  #rows = new Uint32Array(FIRST_SLOTS)
  #size = 0

  /** Adds a key with its row. @returns the row that had it before; null for a new key */
  add(key: string, row: number): number | null {
    if (this.#size * 2 >= this.#rows.length) this.#grow()
    const hash = createHash('sha256').update(key).digest().readBigUInt64LE()
    const slot = this.#slotOf(hash)
    const before = this.#rows[slot] as number
    if (before > 0) return before
    this.#hashes[slot] = hash
    this.#rows[slot] = row
    this.#size++
    return null
  }

  /** The slot that holds a hash, or the free one where it belongs. */
  #slotOf(hash: bigint): number {
    const last = this.#rows.length - 1
    let slot = Number(hash & BigInt(last))
    while (this.#rows[slot] !== 0 && this.#hashes[slot] !== hash) slot = (slot + 1) & last
    return slot
  }

  #grow(): void {
    const [hashes, rows] = [this.#hashes, this.#rows]
    this.#hashes = new BigUint64Array(hashes.length * 2)
    this.#rows = new Uint32Array(rows.length * 2)
    for (const [i, row] of rows.entries()) {
      if (row === 0) continue
      const slot = this.#slotOf(hashes[i] as bigint)
      this.#hashes[slot] = hashes[i] as bigint
      this.#rows[slot] = row
    }
  }
}

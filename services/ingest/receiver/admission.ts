/** How much may be let in that has proven nothing yet. */
export interface Bounds {
  /** In all. */
  most: number
  /** Of one address; as much as in all by default. */
  mostOfOne?: number
}

interface Line<T> {
  address: string
  sum: number
  weights: Map<T, number>
}

/**
 * What was let in before it has proven anything, such as connections without a signed body. Each has an address and a weight, and
 * those of an address stand in line: whoever has been silent longest is first. When there is too much, the first in the longest
 * line give way to the new: an address that takes all it can get loses what it took, and the others notice nothing.
 */
export class Admission<T> {
  readonly #bounds: Required<Bounds>
  readonly #lines = new Map<string, Line<T>>()
  readonly #lineOf = new Map<T, Line<T>>()
  #sum = 0

  constructor({ most, mostOfOne = most }: Bounds) {
    this.#bounds = { most, mostOfOne }
  }

  /** Weight of all that is let in. */
  sum(): number {
    return this.#sum
  }

  /**
   * Lets one in, or adds to its weight, and moves it to the end of its line.
   * @returns those that must give way, at worst itself; they are counted no more
   */
  add(one: T, address: string, weight = 1): T[] {
    const line = this.#join(one, address, weight)
    const leaving: T[] = []
    while (line.sum > this.#bounds.mostOfOne) leaving.push(this.#dropFirst(line))
    while (this.#sum > this.#bounds.most) leaving.push(this.#dropFirst(this.#longestLine()))
    return leaving
  }

  /** Counts one no more: it has proven itself, or it is gone. */
  remove(one: T): void {
    const line = this.#lineOf.get(one)
    if (line === undefined) return
    const weight = line.weights.get(one) ?? 0
    line.sum -= weight
    this.#sum -= weight
    line.weights.delete(one)
    this.#lineOf.delete(one)
    if (line.weights.size === 0) this.#lines.delete(line.address)
  }

  #join(one: T, address: string, weight: number): Line<T> {
    const line = this.#lineOf.get(one) ?? this.#lines.get(address) ?? { address, sum: 0, weights: new Map() }
    const before = line.weights.get(one) ?? 0
    line.weights.delete(one)
    line.weights.set(one, before + weight)
    line.sum += weight
    this.#sum += weight
    this.#lines.set(line.address, line)
    this.#lineOf.set(one, line)
    return line
  }

  #dropFirst(line: Line<T>): T {
    const first = line.weights.keys().next().value as T
    this.remove(first)
    return first
  }

  #longestLine(): Line<T> {
    let longest: Line<T> | null = null
    for (const line of this.#lines.values()) if (longest === null || line.sum > longest.sum) longest = line
    return longest as Line<T>
  }
}

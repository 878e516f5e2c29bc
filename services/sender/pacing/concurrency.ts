const LEAST_ROOM = 20

/**
 * Calls in flight, bounded: in all, for each lane and for each number. Chat may use every slot, campaigns half of them, so
 * that a reply always finds one soon. A call that has ended leaves its slot at once; outcomes that are still to be written
 * stop new calls only when there are as many of them as there are slots.
 */
export class Slots {
  readonly #limits: Record<Lane, number>
  readonly #used: Record<Lane, number> = { c: 0, b: 0 }
  readonly #perNumber = new Map<string, number>()
  #unwritten = 0
  #waiters: (() => void)[] = []
  #isClosed = false

  constructor(total: number) {
    this.#limits = { c: total, b: Math.max(1, Math.floor(total / 2)) }
  }

  get inFlight(): number {
    return this.#used.c + this.#used.b
  }

  /** Waits until there is one free for the lane. @returns how many are the caller's now, at most `wanted`; 0 once closed */
  async reserve(lane: Lane, wanted: number): Promise<number> {
    while (!this.#isClosed) {
      const total = this.#limits.c
      const free = Math.min(
        this.#limits[lane] - this.#used[lane],
        total - this.inFlight,
        2 * total - this.inFlight - this.#unwritten,
      )
      if (free > 0) {
        const granted = Math.min(free, wanted)
        this.#used[lane] += granted
        return granted
      }
      await new Promise<void>(resolve => this.#waiters.push(resolve))
    }
    return 0
  }

  release(lane: Lane, count = 1): void {
    if (count === 0) return
    this.#used[lane] -= count
    this.#wake()
  }

  /** A call has ended, its outcome is still to be written. */
  endCall(lane: Lane): void {
    this.#unwritten++
    this.release(lane)
  }

  written(): void {
    this.#unwritten--
    this.#wake()
  }

  /** Nothing new starts. */
  close(): void {
    this.#isClosed = true
    this.#wake()
  }

  #wake(): void {
    const waiters = this.#waiters
    this.#waiters = []
    for (const wake of waiters) wake()
  }

  /**
   * How many more calls a number may have in flight: enough for its rate while Meta answers within 0.75 s, and never more
   * than a quarter of all, for a slow one must not hold them all.
   */
  roomFor(phoneNumberId: string, ratePerSecond: number): number {
    const most = Math.max(LEAST_ROOM, Math.min(ratePerSecond * 0.75, this.#limits.c / 4))
    return most - (this.#perNumber.get(phoneNumberId) ?? 0)
  }

  enterNumber(phoneNumberId: string): void {
    this.#perNumber.set(phoneNumberId, (this.#perNumber.get(phoneNumberId) ?? 0) + 1)
  }

  leaveNumber(phoneNumberId: string): void {
    const left = (this.#perNumber.get(phoneNumberId) ?? 1) - 1
    if (left > 0) this.#perNumber.set(phoneNumberId, left)
    else this.#perNumber.delete(phoneNumberId)
  }

  /** Resolves when no call is in flight and every outcome is written. */
  async idle(): Promise<void> {
    while (this.inFlight + this.#unwritten > 0) await new Promise<void>(resolve => this.#waiters.push(resolve))
  }
}

type Lane = 'c' | 'b'

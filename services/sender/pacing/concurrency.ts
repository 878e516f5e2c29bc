import type { Priority } from '#shared/domain/messages/priority.ts'

/** Calls that every number may have in flight, however low its rate. */
const MIN_ROOM = 20

/**
 * Bounds the calls in flight in total, per priority and per number. Chat may use every permit, campaigns half of them, so that a
 * reply soon gets one. A call returns its permit as soon as it has ended; outcomes that are not written yet stop new calls only
 * when there are as many of them as permits.
 */
export class ConcurrencyLimiter {
  readonly #limits: Record<Priority, number>
  readonly #used: Record<Priority, number> = { chat: 0, campaign: 0 }
  readonly #perNumber = new Map<string, number>()
  #unwritten = 0
  #waiters: (() => void)[] = []
  #isClosed = false

  constructor(total: number) {
    this.#limits = { chat: total, campaign: Math.max(1, Math.floor(total / 2)) }
  }

  get inFlight(): number {
    return this.#used.chat + this.#used.campaign
  }

  /** Waits until the priority has a free permit. @returns the number of permits granted, at most `wanted`; 0 once closed */
  async reserve(priority: Priority, wanted: number): Promise<number> {
    while (!this.#isClosed) {
      const total = this.#limits.chat
      const free = Math.min(
        this.#limits[priority] - this.#used[priority],
        total - this.inFlight,
        2 * total - this.inFlight - this.#unwritten,
      )
      if (free > 0) {
        const granted = Math.min(free, wanted)
        this.#used[priority] += granted
        return granted
      }
      await new Promise<void>(resolve => this.#waiters.push(resolve))
    }
    return 0
  }

  release(priority: Priority, count = 1): void {
    if (count === 0) return
    this.#used[priority] -= count
    this.#wake()
  }

  /** Returns the permit of a call whose outcome is still to be written; `written` follows. */
  endCall(priority: Priority): void {
    this.#unwritten++
    this.release(priority)
  }

  written(): void {
    this.#unwritten--
    this.#wake()
  }

  /** Grants no more permits. */
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
   * Further calls that a number may have in flight: enough for its rate while Meta answers within 0.75 s, but at most a quarter
   * of all permits, so that one slow number cannot hold them all.
   */
  roomFor(phoneNumberId: string, ratePerSecond: number): number {
    const limit = Math.max(MIN_ROOM, Math.min(ratePerSecond * 0.75, this.#limits.chat / 4))
    return limit - (this.#perNumber.get(phoneNumberId) ?? 0)
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

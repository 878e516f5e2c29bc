import { TimingWheel } from './timing-wheel.ts'

/**
 * A message is taken this long before its send slot, up to a tick more. Not earlier: if the process dies between take and
 * call, it is unknown whether the message was sent.
 */
const TAKE_AHEAD_MS = 50
/** Messages whose send slots are this close to each other are taken together. */
const TICK_MS = 50

/** Groups granted messages by the time of their send slot, and passes each group to `take` shortly before it. */
export class TakeAhead<T extends { dueAt: number }> {
  readonly #wheel: TimingWheel<T>

  constructor(take: (group: T[]) => void) {
    this.#wheel = new TimingWheel({ tickMs: TICK_MS }, take)
  }

  /** Adds granted messages. @returns those that must be taken at once */
  add(granted: readonly T[]): T[] {
    return granted.filter(claim => !this.#wait(claim))
  }

  #wait(claim: T): boolean {
    const tick = Math.floor((claim.dueAt - TAKE_AHEAD_MS) / TICK_MS)
    if (tick * TICK_MS <= performance.now()) return false
    this.#wheel.add(claim, tick)
    return true
  }
}

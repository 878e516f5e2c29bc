export interface TimingWheelOptions {
  /** Length of a tick: items that are due within one are released together. */
  tickMs: number
  /** False: items in the wheel do not keep the process running. */
  ref?: boolean
}

/** Groups items by the tick in which they are due, with one timer for each tick that holds items. */
export class TimingWheel<T> {
  readonly #tickMs: number
  readonly #ref: boolean
  readonly #release: (group: T[]) => void
  readonly #groups = new Map<number, T[]>()

  constructor({ tickMs, ref = true }: TimingWheelOptions, release: (group: T[]) => void) {
    this.#tickMs = tickMs
    this.#ref = ref
    this.#release = release
  }

  /** @param tick number of the tick, counted by `performance.now()`: its group is released at `tick * tickMs` */
  add(item: T, tick: number): void {
    const group = this.#groups.get(tick)
    if (group === undefined) this.#open(tick, [item])
    else group.push(item)
  }

  #open(tick: number, group: T[]): void {
    this.#groups.set(tick, group)
    const timer = setTimeout(() => this.#expire(tick, group), tick * this.#tickMs - performance.now())
    if (!this.#ref) timer.unref()
  }

  #expire(tick: number, group: T[]): void {
    this.#groups.delete(tick)
    this.#release(group)
  }
}

import { PublishError } from './types.ts'

/** A publish that the broker has not confirmed yet. */
export interface Unconfirmed {
  exchange: string
  routingKey: string
  bytes: number
  /** Time of `Date.now()` after which the publish fails. */
  deadline: number
  resolve(): void
  reject(error: PublishError): void
}

/**
 * The unconfirmed publishes of one channel by delivery tag, which broker and client both count from 1. A publish has no timer of
 * its own: the channel's events settle it, and a periodic call of `failLate` ends the late ones.
 */
export class ConfirmWindow {
  readonly #onFailed: (reason: PublishError['reason']) => void
  #byTag = new Map<number, Unconfirmed>()
  #next = 1
  #lowest = 1
  #bytes = 0
  #late = 0

  constructor(onFailed: (reason: PublishError['reason']) => void = () => undefined) {
    this.#onFailed = onFailed
  }

  get size(): number {
    return this.#byTag.size
  }

  get bytes(): number {
    return this.#bytes
  }

  /** Number of publishes that failed as late and are still unconfirmed: it grows for a dead queue and falls for a slow one. */
  get late(): number {
    return this.#late
  }

  /** Delivery tag of the next publish. */
  get nextTag(): number {
    return this.#next
  }

  /** Adds a publish after `channel.publish` has returned; a publish that threw has no tag. */
  add(publish: Unconfirmed): void {
    this.#byTag.set(this.#next++, publish)
    this.#bytes += publish.bytes
  }

  /** Applies the broker's `ack` or `nack` to one tag, or to all tags up to it. */
  settle(tag: number, multiple: boolean, isTaken: boolean): void {
    if (!multiple) this.#settleOne(tag, isTaken)
    else for (; this.#lowest <= tag; this.#lowest++) this.#settleOne(this.#lowest, isTaken)
  }

  /** Rejects one publish. A broker's `return` comes before the confirm, which then finds nothing to settle. */
  fail(tag: number, reason: PublishError['reason'], detail: string): void {
    const publish = this.#take(tag)
    if (publish === undefined) return
    this.#onFailed(reason)
    publish.reject(new PublishError(reason, `${publish.exchange} ${publish.routingKey}: ${detail}`))
  }

  failAll(reason: PublishError['reason'], detail: string): void {
    for (const tag of [...this.#byTag.keys()]) this.fail(tag, reason, detail)
  }

  /** Fails the publishes whose deadline has passed. @returns the failed publishes */
  failLate(now: number): Unconfirmed[] {
    const late: Unconfirmed[] = []
    for (const [tag, publish] of this.#byTag) {
      if (publish.deadline > now) continue
      late.push(publish)
      this.#late++
      this.fail(tag, 'timeout', 'no confirm in time')
    }
    return late
  }

  #settleOne(tag: number, isTaken: boolean): void {
    const isKnown = this.#byTag.has(tag)
    if (!isKnown) this.#late = Math.max(0, this.#late - 1)
    else if (isTaken) this.#take(tag)?.resolve()
    else this.fail(tag, 'nacked', 'the broker refused it')
  }

  #take(tag: number): Unconfirmed | undefined {
    const publish = this.#byTag.get(tag)
    if (publish === undefined) return undefined
    this.#byTag.delete(tag)
    this.#bytes -= publish.bytes
    return publish
  }
}

import { PublishError } from './types.ts'

/** A publish without an answer yet. */
export interface Unconfirmed {
  exchange: string
  routingKey: string
  bytes: number
  /** As Date.now(). */
  deadline: number
  resolve(): void
  reject(error: PublishError): void
}

/**
 * The unconfirmed publishes of one channel by delivery tag: broker and client both count them from 1. No timer and no callback
 * for each: the channel's events settle them, one sweep ends the late ones.
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

  /** Publishes given up without an answer: their number tells a queue that has died from one that is slow. */
  get late(): number {
    return this.#late
  }

  /** The tag that the next publish will have. */
  get nextTag(): number {
    return this.#next
  }

  /** Called once the publish is on its way; one that threw has no tag. */
  add(publish: Unconfirmed): void {
    this.#byTag.set(this.#next++, publish)
    this.#bytes += publish.bytes
  }

  /** The broker's `ack` or `nack`, of one tag or of all up to it. */
  settle(tag: number, multiple: boolean, isTaken: boolean): void {
    if (!multiple) this.#settleOne(tag, isTaken)
    else for (; this.#lowest <= tag; this.#lowest++) this.#settleOne(this.#lowest, isTaken)
  }

  /** A `return` comes before its confirm, which then finds nothing. */
  fail(tag: number, reason: PublishError['reason'], detail: string): void {
    const publish = this.#take(tag)
    if (publish === undefined) return
    this.#onFailed(reason)
    publish.reject(new PublishError(reason, `${publish.exchange} ${publish.routingKey}: ${detail}`))
  }

  failAll(reason: PublishError['reason'], detail: string): void {
    for (const tag of [...this.#byTag.keys()]) this.fail(tag, reason, detail)
  }

  /** Gives up what is due. The answer: what was given up. */
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

import { setTimeout as sleep } from 'node:timers/promises'
import type { Channel, ConsumeMessage } from 'amqplib'
import type { Logger } from '../process/logger.ts'
import { deadLetters } from '../process/metrics.ts'
import { spans } from '../process/spans/spans.ts'
import { decide } from './decide.ts'
import { URGENT } from './headers.ts'
import { within } from './link.ts'
import { moveOf, type RetryDelay, readDelivery } from './moves.ts'
import type { Publisher } from './publisher.ts'
import { inSpans, recordProcessing } from './spans.ts'
import { deliveryLimit, EXCHANGES } from './topology.ts'
import type { BatchHandler, Delivery, Outcome, OutgoingMessage } from './types.ts'

/**
 * How deliveries become batches. `parallel: false` runs one batch at a time and keeps the order; otherwise each delivery is a
 * batch of its own.
 */
export interface Work {
  handler: BatchHandler
  maxBatch: number
  lingerMs: number
  /** See `BatchOptions`. */
  patienceMs?: number
  /** See `BatchOptions`. */
  everyMs: number
  /** See `ConsumeOptions`. */
  handlerMs?: number
  parallel: boolean
}

/**
 * Why a channel ended. `missing`: its queue was deleted. `forgotten`: the broker counts no consumer there. `outage`: a server was
 * unavailable for too long to wait in place.
 */
export type End = 'lost' | 'missing' | 'forgotten' | 'outage' | 'handed over' | 'stopped'

export interface SessionOptions {
  channel: Channel
  queue: string
  work: Work
  publisher: Publisher
  log: Logger
  outageInPlaceMs: number
  /** See `ConsumeOptions`. */
  available?: (() => Promise<boolean>) | undefined
  ladder: readonly RetryDelay[]
}

/** A batch whose handler is running. */
interface Running {
  messages: ConsumeMessage[]
  done: Promise<void>
}

/** How often the broker has taken a message back into the queue. */
const returnsOf = ({ properties }: ConsumeMessage) => Number(properties.headers?.['x-delivery-count'] ?? 0)

const isUrgent = ({ properties }: ConsumeMessage) => properties.priority === URGENT

const REPUBLISH_WAIT_MS = 500
/** Wait of a message that outages have returned to its queue so often that the broker would soon make a dead letter of it. */
const WORN_WAIT_MS = 1000
const DRAIN_MS = 15_000
const CLOSE_MS = 2000

/** One channel from its first delivery to its close: deliveries are gathered into batches and settled on this channel only. */
export class Session {
  /** Resolves when the channel is closed, so that the next subscription of this consumer comes behind the other consumers. */
  readonly ended: Promise<End>
  readonly #options: SessionOptions
  readonly #resolveEnded: (reason: End) => void
  readonly #running = new Map<AbortController, Running>()
  /** Deliveries that wait for their batch. */
  #buffer: ConsumeMessage[] = []
  /** Arrival of the oldest buffered delivery, by `performance.now()`. */
  #oldestAt = 0
  /** Whether one of the buffered deliveries is urgent. */
  #isUrgent = false
  /** Start of the latest batch, by `performance.now()`. */
  #startedAt = Number.NEGATIVE_INFINITY
  /** Timer that starts a batch which is not full. */
  #timer: NodeJS.Timeout | null = null
  #hasDelivered = false
  #hasSettled = false
  /** A second ack of a message would end the channel. */
  readonly #acked = new WeakSet<ConsumeMessage>()
  #endingForOutage: Promise<void> | null = null
  /** `draining`: starts no new batch. `ended`: settles nothing any more. */
  #state: 'open' | 'draining' | 'ended' = 'open'
  #endReason: End = 'lost'

  constructor(options: SessionOptions) {
    this.#options = options
    const { promise, resolve } = Promise.withResolvers<End>()
    this.ended = promise
    this.#resolveEnded = resolve
    const { channel, queue, log } = options
    channel.on('error', error => log.warn({ err: error, queue }, 'consuming channel failed'))
    channel.on('handler-error', error => log.error({ err: error, queue }, 'consuming channel listener failed'))
    channel.on('close', () => {
      this.#stopWork('ended')
      this.#resolveEnded(this.#endReason)
    })
  }

  /** Buffers a delivery. A delivery to a draining or ended session returns to the queue when the channel closes. */
  push(message: ConsumeMessage): void {
    if (this.#state !== 'open') return
    this.#hasDelivered = true
    if (this.#buffer.length === 0) this.#oldestAt = performance.now()
    this.#buffer.push(message)
    if (!this.#isUrgent && isUrgent(message)) {
      this.#isUrgent = true
      this.#stopTimer()
    }
    this.#schedule()
  }

  /** Closes the channel at once: unsettled deliveries return to the head of the queue, in order. */
  async end(reason: End): Promise<void> {
    if (this.#state === 'ended') return
    this.#endReason = reason
    this.#stopWork('ended')
    await within(CLOSE_MS, this.#options.channel.close())
    this.#resolveEnded(this.#endReason)
  }

  /** Starts no new batch, waits up to 15 s until the running ones are settled, and ends the session. */
  async drain(reason: End): Promise<void> {
    if (this.#state === 'open') {
      this.#endReason = reason
      this.#stopWork('draining')
    }
    await within(DRAIN_MS, Promise.all([...this.#running.values()].map(({ done }) => done)))
    await this.end(reason)
  }

  hasDelivered(): boolean {
    return this.#hasDelivered
  }

  /** Whether a delivery was settled: after that, an outage is another one. */
  hasSettled(): boolean {
    return this.#hasSettled
  }

  /** Number of deliveries that are not settled yet. */
  inHand(): number {
    return [...this.#running.values()].reduce((sum, { messages }) => sum + messages.length, this.#buffer.length)
  }

  #stopWork(next: 'draining' | 'ended'): void {
    this.#state = next
    this.#buffer = []
    this.#stopTimer()
    const reason = `${this.#options.queue} is not consumed any more: ${this.#endReason}`
    for (const job of this.#running.keys()) job.abort(new Error(reason))
  }

  #stopTimer(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
  }

  /** Starts a full batch at once, and any other when it is due. */
  #schedule(): void {
    const { work } = this.#options
    if (this.#buffer.length === 0 || (this.#running.size > 0 && !work.parallel)) return
    const waitMs = this.#buffer.length >= work.maxBatch ? 0 : this.#waitMs(performance.now())
    if (waitMs <= 0) this.#startNext()
    else this.#timer ??= setTimeout(() => this.#startNext(), waitMs)
  }

  /** Until the oldest delivery has waited `lingerMs` and the last batch is `everyMs` old; a patient batch waits for the meeting point. */
  #waitMs(nowMs: number): number {
    const { lingerMs, everyMs, patienceMs } = this.#options.work
    if (patienceMs !== undefined && !this.#isUrgent) return patienceMs - (nowMs % patienceMs)
    return Math.max(this.#oldestAt + lingerMs, this.#startedAt + everyMs) - nowMs
  }

  #startNext(): void {
    this.#stopTimer()
    if (this.#state !== 'open' || this.#buffer.length === 0) return
    this.#startedAt = performance.now()
    const messages = this.#takeBatch()
    const job = new AbortController()
    const done = this.#processBatch(messages, job)
      .catch(error => this.#giveUp(error))
      .finally(() => {
        this.#running.delete(job)
        this.#schedule()
      })
    this.#running.set(job, { messages, done })
  }

  #takeBatch(): ConsumeMessage[] {
    const buffer = this.#buffer
    const { maxBatch } = this.#options.work
    const messages = buffer.length <= maxBatch ? buffer : buffer.slice(0, maxBatch)
    this.#buffer = buffer.slice(messages.length)
    this.#isUrgent = this.#buffer.some(isUrgent)
    return messages
  }

  async #processBatch(messages: ConsumeMessage[], job: AbortController): Promise<void> {
    const { queue, work, outageInPlaceMs, available, log } = this.#options
    const deliveries = messages.map(message => readDelivery(queue, message))
    const options = { queue, job, outageInPlaceMs, handlerMs: work.handlerMs, available, log }
    const startedAt = performance.now()
    const handled = spans.record === null ? deliveries : inSpans(deliveries)
    const decision = await decide(work.handler, handled, options)
    if (handled !== deliveries)
      recordProcessing({ deliveries, handled, startedAt }, typeof decision === 'string' ? null : decision)
    if (decision === 'outage') await this.#endForOutage()
    else if (decision !== 'leave') await this.#settle(messages, deliveries, decision)
  }

  /**
   * Acks the leading deliveries that are done with one ack. The others are published elsewhere and confirmed before their ack.
   */
  async #settle(messages: ConsumeMessage[], deliveries: Delivery[], outcomes: Outcome[]): Promise<void> {
    this.#hasSettled = true
    const done = outcomes.findIndex(outcome => outcome.kind !== 'done')
    if (done === -1) return this.#ack(messages[messages.length - 1])
    if (done > 0) this.#ack(messages[done - 1])
    const moves = deliveries.map((delivery, i) => moveOf(delivery, outcomes[i] as Outcome, this.#options.ladder))
    const moved = await Promise.all(moves.map(move => move === null || this.#republish(move)))
    if (moved.every(Boolean)) this.#ack(messages[messages.length - 1])
  }

  /**
   * Ends the channel, which returns all messages in hand to the queue. The broker counts each return; a message with too many is
   * published again instead, which begins a new count: however long an outage lasts, it makes no dead letter.
   */
  #endForOutage(): Promise<void> {
    this.#endingForOutage ??= this.#moveWorn().then(() => this.end('outage'))
    return this.#endingForOutage
  }

  async #moveWorn(): Promise<void> {
    const { queue, ladder } = this.#options
    const inHand = [...[...this.#running.values()].flatMap(({ messages }) => messages), ...this.#buffer]
    const worn = inHand.filter(message => returnsOf(message) >= deliveryLimit(queue) / 2)
    if (worn.length === 0 || this.#state !== 'open') return
    this.#endReason = 'outage'
    this.#stopWork('draining')
    const later: Outcome = { kind: 'later', delayMs: WORN_WAIT_MS }
    const move = async (message: ConsumeMessage) => {
      const copy = moveOf(readDelivery(queue, message), later, ladder)
      if (copy !== null && (await this.#republish(copy))) this.#ack(message, false)
    }
    await Promise.all(worn.map(move))
  }

  /** Acks a message. With one batch at a time all earlier messages are settled, so one ack covers all up to this one. */
  #ack(message: ConsumeMessage | undefined, upToIt = !this.#options.work.parallel): void {
    if (this.#state === 'ended' || message === undefined || this.#acked.has(message)) return
    this.#acked.add(message)
    this.#options.channel.ack(message, upToIt)
  }

  /**
   * Publishes a message, repeated until it is confirmed. @returns false when the channel ended first: the deliveries come again
   */
  async #republish(message: OutgoingMessage): Promise<boolean> {
    const { publisher, queue, log } = this.#options
    for (let failures = 0; this.#state !== 'ended'; failures++) {
      try {
        await publisher.publish(message)
        if (message.exchange === EXCHANGES.dead) deadLetters.inc({ queue })
        return true
      } catch (error) {
        if (failures % 20 === 0) log.warn({ err: error, queue, to: message.exchange }, 'message not moved, retrying')
        if (this.#state !== 'open') return false
        await sleep(REPUBLISH_WAIT_MS)
      }
    }
    return false
  }

  /** Ends the channel after a batch that cannot be settled: closing the channel returns its deliveries to the queue. */
  async #giveUp(error: unknown): Promise<void> {
    this.#options.log.error({ err: error, queue: this.#options.queue }, 'batch left unsettled')
    await this.end('lost')
  }
}

import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from '../process/logger.ts'
import { queueSilent } from '../process/metrics.ts'
import { spans } from '../process/spans/spans.ts'
import type { Link } from './link.ts'
import { failed, PublishChannel } from './publish-channel.ts'
import { publishInSpan } from './spans.ts'
import { queueOf } from './topology.ts'
import type { OutgoingMessage } from './types.ts'

export interface PublisherDeps {
  link: Pick<Link, 'isConnected' | 'isBlocked' | 'createConfirmChannel'>
  log: Logger
  /** Declares the topology again, after a queue or an exchange was deleted. */
  declare(): Promise<void>
}

/** Bound of all channels together, above which a publish is refused: a broker that does not confirm must not fill the memory. */
const MAX_UNCONFIRMED_BYTES = 128 * 1024 * 1024
/** Half of the limit of RabbitMQ 4: a message above that limit would close its channel. */
const MAX_BODY_BYTES = 8 * 1024 * 1024
const CONFIRM_MS = 5000
const SWEEP_MS = 100
const REPAIR_MS = 5000
/** Silence of a queue that is logged as an alarm. */
const ALARM_MS = 30_000

/**
 * Publishes with confirms, over one channel for each queue: one that confirms nothing holds back its own messages only. A channel
 * is opened with the first publish to its queue.
 */
export class Publisher implements AsyncDisposable {
  readonly #deps: PublisherDeps
  readonly #channels = new Map<string, PublishChannel>()
  readonly #sweepTimer: NodeJS.Timeout
  /** Queues whose silence is logged. */
  readonly #alarms = new Set<string>()
  #isClosed = false
  /** Time of `Date.now()` at which the topology was last declared again. */
  #repairedAt = 0

  constructor(deps: PublisherDeps) {
    this.#deps = deps
    this.#sweepTimer = setInterval(() => this.#sweep(Date.now()), SWEEP_MS)
    this.#sweepTimer.unref()
  }

  isReady(): boolean {
    const { link } = this.#deps
    return link.isConnected() && !link.isBlocked() && !this.#all().some(channel => channel.isLost())
  }

  /** Resolves after the broker's confirm. @throws PublishError in all other cases, RangeError for a body above 8 MiB */
  publish(message: OutgoingMessage, options?: { timeoutMs?: number }): Promise<void> {
    if (spans.record === null) return this.#publish(message, options)
    return publishInSpan(message, traced => this.#publish(traced, options))
  }

  #publish(message: OutgoingMessage, options?: { timeoutMs?: number }): Promise<void> {
    const { link } = this.#deps
    if (this.#isClosed || !link.isConnected()) return Promise.reject(failed('disconnected', message))
    if (link.isBlocked()) return Promise.reject(failed('blocked', message))
    const channel = this.#channelOf(message)
    if (channel.isFull() || this.#unconfirmedBytes() >= MAX_UNCONFIRMED_BYTES)
      return Promise.reject(failed('overloaded', message))
    const content = Buffer.isBuffer(message.body) ? message.body : Buffer.from(JSON.stringify(message.body))
    if (content.length > MAX_BODY_BYTES)
      return Promise.reject(new RangeError(`a message of ${content.length} bytes is too large`))
    return channel.publish(message, content, options?.timeoutMs ?? CONFIRM_MS)
  }

  /** Fails all unconfirmed publishes at once: the broker confirms nothing while it has an alarm. */
  block(): void {
    for (const channel of this.#all()) channel.failAll('blocked', 'the broker refuses publishers')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true
    const giveUpAt = Date.now() + CONFIRM_MS
    while (this.#all().some(channel => channel.size > 0) && Date.now() < giveUpAt) await sleep(10)
    clearInterval(this.#sweepTimer)
    for (const channel of this.#all()) channel.close()
  }

  #channelOf({ exchange, routingKey }: OutgoingMessage): PublishChannel {
    const queue = queueOf(exchange, routingKey)
    let channel = this.#channels.get(queue)
    if (channel === undefined) {
      const { link, log } = this.#deps
      channel = new PublishChannel(queue, { link, log, onMissing: () => this.#repairTopology() })
      this.#channels.set(queue, channel)
    }
    return channel
  }

  #all(): PublishChannel[] {
    return [...this.#channels.values()]
  }

  #unconfirmedBytes(): number {
    let bytes = 0
    for (const channel of this.#channels.values()) bytes += channel.bytes
    return bytes
  }

  #sweep(nowMs: number): void {
    const confirmedAt = Math.max(...this.#all().map(channel => channel.confirmedAt))
    for (const channel of this.#all()) {
      channel.sweep(nowMs)
      this.#reportSilence(channel.queue, silentMs(channel.silentSince, confirmedAt, nowMs))
    }
  }

  #reportSilence(queue: string, ms: number): void {
    queueSilent.set({ queue }, ms / 1000)
    if (ms >= ALARM_MS && !this.#alarms.has(queue)) {
      this.#alarms.add(queue)
      this.#deps.log.error({ queue, silentMs: ms }, 'queue confirms nothing while others do')
    } else if (ms === 0 && this.#alarms.delete(queue)) this.#deps.log.info({ queue }, 'queue confirms again')
  }

  #repairTopology(): void {
    if (this.#isClosed || Date.now() - this.#repairedAt < REPAIR_MS) return
    this.#repairedAt = Date.now()
    const { log, declare } = this.#deps
    log.error('queue or exchange missing, declaring the topology again')
    declare().catch(error => log.warn({ err: error }, 'topology not declared'))
  }
}

/**
 * For how long a queue has been silent while others were not; 0 when no other one has confirmed for long enough after the silence
 * began: then the broker is silent as a whole. @param confirmedAt the latest confirm of any queue
 */
export const silentMs = (silentSince: number | null, confirmedAt: number, nowMs: number): number =>
  silentSince === null || confirmedAt - silentSince < CONFIRM_MS ? 0 : nowMs - silentSince

import { setTimeout as sleep } from 'node:timers/promises'
import type { Channel } from 'amqplib'
import type { Logger } from '../process/logger.ts'
import { type Link, within } from './link.ts'
import type { RetryDelay } from './moves.ts'
import type { Publisher } from './publisher.ts'
import { type End, Session, type Work } from './session.ts'
import type { ConsumeOptions, Consumer } from './types.ts'

export interface ConsumerDeps {
  /** The connection of all consumers. */
  link: Link
  /** Opens a connection for one consumer alone. */
  openOwnLink(queue: string): Promise<Link>
  publisher: Publisher
  log: Logger
  /** Declares the topology again, after a queue was deleted at run time. */
  declare(): Promise<void>
  outageInPlaceMs: number
  /** Wait after the first round that an outage ended; it doubles with each further one, up to `MOST_WAITS` times. */
  outageRoundMs: number
  ladder: readonly RetryDelay[]
  /** Called after a consumer was disposed. */
  onStopped?(consumer: SupervisedConsumer): void
}

const RESUBSCRIBE_MS = [100, 250, 500, 1000, 2000, 5000]
/** Bound for the broker's answer to a subscription: a queue without a leader accepts one and never answers. */
const SUBSCRIBE_MS = 30_000
const ASK_MS = 1000
/** With a first wait of a second the longest is five minutes. */
const MOST_WAITS = 300
/** Wait during an outage when the consumer has no `available` check. */
const BLIND_WAIT_MS = 5000
const FIRST_MS = 5000
const STOP_MS = 2000
const NOT_FOUND = 404

/** Starts a consumer and waits for its first subscription, unless the connection is down. */
export async function startConsumer(
  deps: ConsumerDeps,
  queue: string,
  work: Work,
  options: ConsumeOptions,
): Promise<SupervisedConsumer> {
  const consumer = new SupervisedConsumer(deps, queue, work, options)
  if (deps.link.isConnected()) await within(FIRST_MS, consumer.subscribed)
  return consumer
}

/** A consumer with its own channel, which it replaces when the channel or the connection closes. */
export class SupervisedConsumer implements Consumer {
  readonly queue: string
  /** Resolves with the first subscription. */
  readonly subscribed: Promise<void>
  readonly #deps: ConsumerDeps
  readonly #work: Work
  readonly #options: ConsumeOptions
  readonly #resolveSubscribed: () => void
  readonly #stop = new AbortController()
  readonly #running: Promise<void>
  #session: Session | null = null
  /** The connection of the session. */
  #link: Link
  /**
   * Whether the latest subscription failed or was forgotten. The next one has a connection of its own, because a queue without a leader closes the
   * connection of whoever subscribes to it, and the other consumers would lose theirs again and again.
   */
  #isSuspect = false
  /** Rounds in succession that an outage ended before anything was settled. */
  #outages = 0
  /** Whether the broker has confirmed the session's subscription. */
  #isSubscribed = false

  constructor(deps: ConsumerDeps, queue: string, work: Work, options: ConsumeOptions) {
    this.queue = queue
    this.#deps = deps
    this.#link = deps.link
    this.#work = work
    this.#options = options
    const { promise, resolve } = Promise.withResolvers<void>()
    this.subscribed = promise
    this.#resolveSubscribed = resolve
    this.#running = this.#run()
    this.#running.catch(error => deps.log.error({ err: error, queue }, 'consumer ended'))
  }

  isReady(): boolean {
    return this.#isSubscribed && this.#link.isConnected()
  }

  /**
   * Whether this channel has received a delivery. On a queue with a single active consumer the standby consumers receive none.
   */
  isActive(): boolean {
    return this.#session?.hasDelivered() ?? false
  }

  inHand(): number {
    return this.#session?.inHand() ?? 0
  }

  /**
   * Hands the queue over to another consumer: finishes the work in hand, closes the channel, which returns the remaining messages
   * in order, and subscribes again behind the other consumers.
   */
  async handOver(): Promise<void> {
    await this.#session?.drain('handed over')
  }

  /** Subscribes again, after the broker has forgotten this consumer. */
  async resubscribe(): Promise<void> {
    await this.#session?.drain('forgotten')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort()
    await this.#session?.drain('stopped')
    await within(STOP_MS, this.#running)
    this.#deps.onStopped?.(this)
  }

  async #run(): Promise<void> {
    for (let failures = 0; !this.#isStopped(); ) {
      const end = await this.#subscribe().then(
        reason => {
          failures = 0
          this.#isSuspect = reason === 'forgotten'
          return reason
        },
        error => {
          failures++
          return this.#reportFailure(error)
        },
      )
      this.#session = null
      this.#isSubscribed = false
      this.#deps.log.debug({ queue: this.queue, end }, 'subscription ended')
      if (this.#isStopped() || end === 'handed over') continue
      await this.#recover(end)
      await this.#pause(RESUBSCRIBE_MS[Math.min(failures, RESUBSCRIBE_MS.length - 1)])
    }
  }

  #reportFailure(error: unknown): End {
    if (!this.#isStopped()) this.#deps.log.warn({ err: error, queue: this.queue }, 'queue not consumed, retrying')
    return isMissing(error) ? 'missing' : 'lost'
  }

  /** Prepares the next subscription: waits for the end of an outage, or declares a missing queue. */
  async #recover(end: End): Promise<void> {
    const { declare, log, outageRoundMs } = this.#deps
    if (end === 'outage') {
      await this.#pause(outageRoundMs * Math.min(2 ** this.#outages++, MOST_WAITS))
      await this.#untilAvailable()
    }
    if (end === 'missing') await declare().catch(error => log.warn({ err: error, queue: this.queue }, 'queue not declared'))
  }

  /** Consumes over a new channel. Resolves with the reason for which that channel ended. */
  async #subscribe(): Promise<End> {
    if (!this.#isSuspect) return await this.#subscribeOn(this.#deps.link)
    await using own = await this.#deps.openOwnLink(this.queue)
    return await this.#subscribeOn(own)
  }

  async #subscribeOn(link: Link): Promise<End> {
    this.#link = link
    const channel = await link.createChannel()
    const { available } = this.#options
    const session = new Session({ ...this.#deps, available, channel, queue: this.queue, work: this.#work })
    // A dispose during a lost connection found no session to drain.
    if (this.#isStopped()) await session.end('stopped')
    else await this.#consume(session, channel)
    const end = await session.ended
    if (session.hasSettled()) this.#outages = 0
    return end
  }

  async #consume(session: Session, channel: Channel): Promise<void> {
    const { log } = this.#deps
    this.#session = session
    try {
      await inTime(channel.prefetch(this.#options.prefetch))
      await inTime(
        channel.consume(this.queue, message => {
          if (message !== null) session.push(message)
          else session.end('missing').catch(error => log.warn({ err: error, queue: this.queue }, 'channel not closed'))
        }),
      )
    } catch (error) {
      this.#isSuspect = !isMissing(error)
      await session.end('lost')
      throw error
    }
    this.#isSubscribed = true
    log.debug({ queue: this.queue }, 'subscribed')
    this.#resolveSubscribed()
  }

  /** Waits until the server whose outage ended the channel is available, or this consumer is stopped. */
  async #untilAvailable(): Promise<void> {
    const { available } = this.#options
    if (available === undefined) return this.#pause(BLIND_WAIT_MS)
    this.#deps.log.warn({ queue: this.queue }, 'queue not consumed until the server is back')
    while (!this.#isStopped() && !(await available().catch(() => false))) await this.#pause(ASK_MS)
  }

  #isStopped(): boolean {
    return this.#stop.signal.aborted
  }

  async #pause(ms: number | undefined): Promise<void> {
    await sleep(ms, undefined, { signal: this.#stop.signal }).catch(() => undefined)
  }
}

async function inTime<T>(answer: Promise<T>): Promise<T> {
  if (!(await within(SUBSCRIBE_MS, answer))) throw new Error(`no answer within ${SUBSCRIBE_MS / 1000} s`)
  return answer
}

const isMissing = (error: unknown) => typeof error === 'object' && error !== null && 'code' in error && error.code === NOT_FOUND

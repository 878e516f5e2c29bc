import { setTimeout as sleep } from 'node:timers/promises'
import { type ConfirmChannel, IllegalOperationError } from 'amqplib'
import type { Logger } from '../process/logger.ts'
import { publishFailed } from '../process/metrics.ts'
import { ConfirmWindow } from './confirm-window.ts'
import { propertiesOf } from './headers.ts'
import { type Link, within } from './link.ts'
import { type OutgoingMessage, PublishError } from './types.ts'

export interface PublisherDeps {
  link: Link
  log: Logger
  /** Declares the topology again, after a queue or an exchange was deleted. */
  declare(): Promise<void>
}

/** Bounds above which a publish is refused: a broker that does not confirm must not fill the memory. */
const MAX_UNCONFIRMED = 1000
const MAX_UNCONFIRMED_BYTES = 128 * 1024 * 1024
/** Half of the limit of RabbitMQ 4: a message above that limit would close the channel that all publishes share. */
const MAX_BODY_BYTES = 8 * 1024 * 1024
/** Number of missing confirms at which the channel is closed, so that the broker frees its resources. */
const MAX_LATE = 1000
const CONFIRM_MS = 5000
const SWEEP_MS = 100
const REOPEN_MS = 100
const REPAIR_MS = 5000
const NOT_FOUND = 404

/** The open confirm channel with its unconfirmed publishes. */
interface Open {
  channel: ConfirmChannel
  window: ConfirmWindow
}

/** Opens the publisher and waits for its first channel, unless the connection is down. */
export async function openPublisher(deps: PublisherDeps): Promise<Publisher> {
  const publisher = new Publisher(deps)
  if (deps.link.isConnected()) await within(CONFIRM_MS, publisher.opened)
  return publisher
}

/** Publishes over one confirm channel, pipelined: each message has its promise. Opens a new channel when the old one closes. */
export class Publisher implements AsyncDisposable {
  /** Resolves with the first channel. */
  readonly opened: Promise<void>
  readonly #deps: PublisherDeps
  readonly #resolveOpened: () => void
  readonly #sweepTimer: NodeJS.Timeout
  #open: Open | null = null
  #isClosed = false
  /** Time of `Date.now()` at which the topology was last declared again. */
  #repairedAt = 0

  constructor(deps: PublisherDeps) {
    this.#deps = deps
    const { promise, resolve } = Promise.withResolvers<void>()
    this.opened = promise
    this.#resolveOpened = resolve
    this.#keepOpen().catch(error => deps.log.error({ err: error }, 'publisher ended'))
    this.#sweepTimer = setInterval(() => this.#sweep(), SWEEP_MS)
    this.#sweepTimer.unref()
  }

  isReady(): boolean {
    return this.#open !== null && !this.#deps.link.isBlocked()
  }

  /** Resolves after the broker's confirm. @throws PublishError in all other cases, RangeError for a body above 8 MiB */
  publish(message: OutgoingMessage, options?: { timeoutMs?: number }): Promise<void> {
    if (this.#open === null) return refuse('disconnected', message)
    if (this.#deps.link.isBlocked()) return refuse('blocked', message)
    const { channel, window } = this.#open
    if (window.size >= MAX_UNCONFIRMED || window.bytes >= MAX_UNCONFIRMED_BYTES) return refuse('overloaded', message)
    const { exchange, routingKey, body } = message
    const content = Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body))
    if (content.length > MAX_BODY_BYTES)
      return Promise.reject(new RangeError(`a message of ${content.length} bytes is too large`))
    const nowMs = Date.now()
    try {
      channel.publish(exchange, routingKey, content, propertiesOf(message, window.nextTag, nowMs))
    } catch (error) {
      return error instanceof IllegalOperationError ? refuse('disconnected', message) : Promise.reject(error)
    }
    return new Promise((resolve, reject) => {
      const deadline = nowMs + (options?.timeoutMs ?? CONFIRM_MS)
      window.add({ exchange, routingKey, bytes: content.length, deadline, resolve, reject })
    })
  }

  /** Fails all unconfirmed publishes at once: the broker confirms nothing while it has an alarm. */
  block(): void {
    this.#open?.window.failAll('blocked', 'the broker refuses publishers')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true
    const giveUpAt = Date.now() + CONFIRM_MS
    while (this.#open !== null && this.#open.window.size > 0 && Date.now() < giveUpAt) await sleep(10)
    clearInterval(this.#sweepTimer)
    this.#open?.window.failAll('disconnected', 'the publisher closed')
  }

  /** Opens a channel whenever there is none. A channel closes alone or with its connection; opening waits for a connection. */
  async #keepOpen(): Promise<void> {
    const { link, log } = this.#deps
    while (!this.#isClosed) {
      try {
        await this.#use(await link.createConfirmChannel())
      } catch (error) {
        if (!this.#isClosed) log.warn({ err: error }, 'publishing channel not opened')
      }
      if (!this.#isClosed) await sleep(REOPEN_MS)
    }
  }

  /** Makes this channel the open one. Resolves when it has closed. */
  #use(channel: ConfirmChannel): Promise<void> {
    const window = new ConfirmWindow(reason => publishFailed.inc({ reason }))
    this.#listen(channel, window)
    this.#open = { channel, window }
    this.#resolveOpened()
    return new Promise(resolve =>
      channel.on('close', () => {
        this.#open = null
        window.failAll('disconnected', 'the channel closed before the confirm')
        resolve()
      }),
    )
  }

  #listen(channel: ConfirmChannel, window: ConfirmWindow): void {
    const { log } = this.#deps
    channel.on('error', error => {
      log.warn({ err: error }, 'publishing channel failed')
      if ('code' in error && error.code === NOT_FOUND) this.#repairTopology()
    })
    channel.on('handler-error', error => log.error({ err: error }, 'publishing channel listener failed'))
    channel.on('ack', ({ deliveryTag, multiple }) => window.settle(deliveryTag, multiple, true))
    channel.on('nack', ({ deliveryTag, multiple }) => window.settle(deliveryTag, multiple, false))
    channel.on('return', message => {
      window.fail(Number(message.properties.correlationId), 'returned', 'no queue takes it')
      this.#repairTopology()
    })
  }

  /** Fails publishes whose confirm is late. With `MAX_LATE` of them the channel is closed, and a new one is opened. */
  #sweep(): void {
    if (this.#open === null) return
    const { channel, window } = this.#open
    const late = window.failLate(Date.now())
    if (late.length === 0) return
    const routes = [...new Set(late.map(publish => `${publish.exchange} ${publish.routingKey}`))].slice(0, 5)
    this.#deps.log.error({ late: late.length, routes, open: window.size }, 'confirms late')
    if (window.late >= MAX_LATE) channel.close().catch(() => undefined)
  }

  #repairTopology(): void {
    if (this.#isClosed || Date.now() - this.#repairedAt < REPAIR_MS) return
    this.#repairedAt = Date.now()
    const { log, declare } = this.#deps
    log.error('queue or exchange missing, declaring the topology again')
    declare().catch(error => log.warn({ err: error }, 'topology not declared'))
  }
}

function refuse(reason: PublishError['reason'], message: OutgoingMessage): Promise<never> {
  publishFailed.inc({ reason })
  return Promise.reject(new PublishError(reason, `${message.exchange} ${message.routingKey}`))
}

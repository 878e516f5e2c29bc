import { setTimeout as sleep } from 'node:timers/promises'
import { type ConfirmChannel, IllegalOperationError } from 'amqplib'
import type { Logger } from '../process/logger.ts'
import { publishFailed } from '../process/metrics.ts'
import { ConfirmWindow } from './confirm-window.ts'
import { propertiesOf } from './headers.ts'
import type { Link } from './link.ts'
import { type OutgoingMessage, PublishError } from './types.ts'

export interface PublishChannelDeps {
  link: Pick<Link, 'createConfirmChannel'>
  log: Logger
  /** Called when a queue or an exchange turns out to be missing. */
  onMissing(): void
}

/** Bound above which a publish is refused: a broker that does not confirm must not fill the memory. */
const MAX_UNCONFIRMED = 1000
/**
 * Messages that a channel has at the broker, late ones included. The broker stops reading from the whole connection once a channel
 * that waits for its queue has been sent 200 more: with fewer, a dead queue does not stop the others.
 */
const MAX_AT_BROKER = 200
/** Missing confirms at which the channel of a silent queue is closed, so that the broker frees its resources. */
const MAX_LATE = 150
/** Time without a confirm after which one publish at a time tries the queue. */
const SILENT_MS = 5000
const REOPEN_MS = 100
const NOT_FOUND = 404

/** The open confirm channel with its unconfirmed publishes. */
interface Open {
  channel: ConfirmChannel
  window: ConfirmWindow
  /** Whether it was closed because its queue is silent, which then goes on. */
  isGivenUp: boolean
}

/** A publish that waits for the channel, or for room on it. */
interface Waiting {
  message: OutgoingMessage
  content: Buffer
  /** Time of `Date.now()` after which the publish fails. */
  deadline: number
  resolve(): void
  reject(error: unknown): void
}

/** Publishes to one queue over a confirm channel of its own, pipelined and in order. Opens a new channel when the old one closes. */
export class PublishChannel {
  readonly queue: string
  readonly #deps: PublishChannelDeps
  #open: Open | null = null
  #wasOpen = false
  #isClosed = false
  #waiting: Waiting[] = []
  #waitingBytes = 0
  #silentSince: number | null = null
  #confirmedAt = 0

  constructor(queue: string, deps: PublishChannelDeps) {
    this.queue = queue
    this.#deps = deps
    this.#keepOpen().catch(error => deps.log.error({ err: error, queue }, 'publishing channel ended'))
  }

  /** Number of publishes without an outcome. */
  get size(): number {
    return this.#waiting.length + (this.#open?.window.size ?? 0)
  }

  /** Bytes of the publishes without an outcome. */
  get bytes(): number {
    return this.#waitingBytes + (this.#open?.window.bytes ?? 0)
  }

  /** Time of `Date.now()` of the latest confirm; 0 before the first one. */
  get confirmedAt(): number {
    return this.#confirmedAt
  }

  /** Time of `Date.now()` since which a publish waits and nothing was confirmed; null when nothing is missing. */
  get silentSince(): number | null {
    return this.#silentSince
  }

  /** Whether the channel was closed and is not open again yet. */
  isLost(): boolean {
    return this.#wasOpen && this.#open === null
  }

  isFull(): boolean {
    return this.size >= MAX_UNCONFIRMED
  }

  /** Resolves after the broker's confirm. @throws PublishError in all other cases */
  publish(message: OutgoingMessage, content: Buffer, timeoutMs: number): Promise<void> {
    const nowMs = Date.now()
    if (this.#isSilent(nowMs) && this.size > 0) return Promise.reject(failed('silent', message))
    return new Promise((resolve, reject) => {
      this.#waiting.push({ message, content, deadline: nowMs + timeoutMs, resolve, reject })
      this.#waitingBytes += content.length
      this.#sendWaiting(nowMs)
    })
  }

  /** Fails every publish without an outcome. */
  failAll(reason: PublishError['reason'], detail: string): void {
    this.#open?.window.failAll(reason, detail)
    this.#dropWaiting(() => true, reason, detail)
  }

  /** Fails publishes whose confirm is late. With `MAX_LATE` of them the channel of a silent queue is closed. */
  sweep(nowMs: number): void {
    this.#dropWaiting(({ deadline }) => deadline <= nowMs, 'timeout', 'no room on the channel in time')
    if (this.#open === null) return
    const { channel, window } = this.#open
    const late = window.failLate(nowMs)
    if (late.length > 0) this.#deps.log.error({ queue: this.queue, late: late.length, open: window.size }, 'confirms late')
    if (window.late < MAX_LATE || !this.#isSilent(nowMs)) return
    this.#open.isGivenUp = true
    channel.close().catch(() => undefined)
  }

  close(): void {
    this.#isClosed = true
    this.failAll('disconnected', 'the publisher closed')
  }

  #isSilent(nowMs: number): boolean {
    return this.#silentSince !== null && nowMs - this.#silentSince >= SILENT_MS
  }

  #sendWaiting(nowMs: number): void {
    while (this.#open !== null && this.#open.window.size + this.#open.window.late < MAX_AT_BROKER) {
      const next = this.#waiting.shift()
      if (next === undefined) return
      this.#waitingBytes -= next.content.length
      this.#send(this.#open, next, nowMs)
    }
  }

  #send({ channel, window }: Open, { message, content, deadline, resolve, reject }: Waiting, nowMs: number): void {
    const { exchange, routingKey } = message
    try {
      channel.publish(exchange, routingKey, content, propertiesOf(message, window.nextTag, nowMs))
    } catch (error) {
      reject(error instanceof IllegalOperationError ? failed('disconnected', message) : error)
      return
    }
    this.#silentSince ??= nowMs
    window.add({ exchange, routingKey, bytes: content.length, deadline, resolve, reject })
  }

  #dropWaiting(isDropped: (waiting: Waiting) => boolean, reason: PublishError['reason'], detail: string): void {
    const dropped = this.#waiting.filter(isDropped)
    if (dropped.length === 0) return
    this.#waiting = this.#waiting.filter(waiting => !isDropped(waiting))
    for (const { message, content, reject } of dropped) {
      this.#waitingBytes -= content.length
      reject(failed(reason, message, detail))
    }
  }

  /** Opens a channel whenever there is none. A channel closes alone or with its connection; opening waits for a connection. */
  async #keepOpen(): Promise<void> {
    const { link, log } = this.#deps
    while (!this.#isClosed) {
      try {
        await this.#use(await link.createConfirmChannel())
      } catch (error) {
        if (!this.#isClosed) log.warn({ err: error, queue: this.queue }, 'publishing channel not opened')
      }
      if (!this.#isClosed) await sleep(REOPEN_MS)
    }
  }

  /** Makes this channel the open one. Resolves when it has closed. */
  #use(channel: ConfirmChannel): Promise<void> {
    const window = new ConfirmWindow(reason => publishFailed.inc({ reason }))
    this.#listen(channel, window)
    const open = { channel, window, isGivenUp: false }
    this.#open = open
    this.#wasOpen = true
    this.#sendWaiting(Date.now())
    return new Promise(resolve =>
      channel.on('close', () => {
        this.failAll('disconnected', 'the channel closed before the confirm')
        this.#open = null
        if (!open.isGivenUp) this.#silentSince = null
        resolve()
      }),
    )
  }

  #listen(channel: ConfirmChannel, window: ConfirmWindow): void {
    const { log, onMissing } = this.#deps
    channel.on('error', error => {
      log.warn({ err: error, queue: this.queue }, 'publishing channel failed')
      if ('code' in error && error.code === NOT_FOUND) onMissing()
    })
    channel.on('handler-error', error => log.error({ err: error }, 'publishing channel listener failed'))
    channel.on('ack', ({ deliveryTag, multiple }) => {
      window.settle(deliveryTag, multiple, true)
      this.#confirmedAt = Date.now()
      this.#silentSince = window.size + window.late > 0 ? this.#confirmedAt : null
      this.#sendWaiting(this.#confirmedAt)
    })
    // A queue without a leader refuses the first publish of a channel and leaves later ones without an answer: silence goes on.
    channel.on('nack', ({ deliveryTag, multiple }) => {
      window.settle(deliveryTag, multiple, false)
      this.#sendWaiting(Date.now())
    })
    channel.on('return', message => {
      window.fail(Number(message.properties.correlationId), 'returned', 'no queue takes it')
      onMissing()
    })
  }
}

/** The error of a failed publish, counted by its reason. */
export function failed(reason: PublishError['reason'], message: OutgoingMessage, detail?: string): PublishError {
  publishFailed.inc({ reason })
  const route = `${message.exchange} ${message.routingKey}`
  return new PublishError(reason, detail === undefined ? route : `${route}: ${detail}`)
}

import { setTimeout as sleep } from 'node:timers/promises'
import { type ConfirmChannel, IllegalOperationError } from 'amqplib'
import type { Logger } from '../process/logger.ts'
import { publishFailed } from '../process/metrics.ts'
import { ConfirmWindow } from './confirm-window.ts'
import { propertiesOf } from './headers.ts'
import { type Link, within } from './link.ts'
import { type OutgoingMessage, PublishError } from './types.ts'

export interface Publisher extends AsyncDisposable {
  publish(message: OutgoingMessage, options?: { timeoutMs?: number }): Promise<void>
  /** Ends what waits for a confirm at once: under an alarm none will come for long. */
  block(): void
  isReady(): boolean
}

export interface PublisherDeps {
  link: Link
  log: Logger
  /** Declares the topology again: a queue or an exchange is gone. */
  declare(): Promise<void>
}

/** Beyond these the caller is refused: a broker that does not confirm must not fill the memory. */
const MAX_UNCONFIRMED = 1000
const MAX_UNCONFIRMED_BYTES = 128 * 1024 * 1024
/** Half of what RabbitMQ 4 takes; one message above its limit would close the channel of all. */
const MAX_BODY_BYTES = 8 * 1024 * 1024
/** So many answers missing at once: the channel is given up, that the broker may free what it holds. */
const MAX_LATE = 1000
const CONFIRM_MS = 5000
const SWEEP_MS = 100
const REOPEN_MS = 100
const REPAIR_MS = 5000
const NOT_FOUND = 404

/** The confirm channel in use. */
interface Open {
  channel: ConfirmChannel
  window: ConfirmWindow
}

/** One confirm channel, pipelined: a promise for each message, no waiting between them. */
export async function openPublisher({ link, log, declare }: PublisherDeps): Promise<Publisher> {
  let open: Open | null = null
  let isClosed = false
  let firstOpen: () => void = () => undefined
  const opened = new Promise<void>(resolve => {
    firstOpen = resolve
  })

  /** A channel dies with its connection, or alone; either way the next one waits for a connection. */
  async function keepOpen(): Promise<void> {
    while (!isClosed) {
      try {
        await useChannel(await link.createConfirmChannel())
      } catch (error) {
        if (!isClosed) log.warn({ err: error }, 'no publishing channel')
      }
      if (!isClosed) await sleep(REOPEN_MS)
    }
  }

  function useChannel(channel: ConfirmChannel): Promise<void> {
    const window = new ConfirmWindow(reason => publishFailed.inc({ reason }))
    channel.on('error', error => {
      log.warn({ err: error }, 'publishing channel')
      if ('code' in error && error.code === NOT_FOUND) repairTopology()
    })
    channel.on('handler-error', error => log.error({ err: error }, 'publishing listener'))
    channel.on('ack', ({ deliveryTag, multiple }) => window.settle(deliveryTag, multiple, true))
    channel.on('nack', ({ deliveryTag, multiple }) => window.settle(deliveryTag, multiple, false))
    channel.on('return', message => {
      window.fail(Number(message.properties.correlationId), 'returned', 'no queue takes it')
      repairTopology()
    })
    open = { channel, window }
    firstOpen()
    return new Promise(resolve =>
      channel.on('close', () => {
        open = null
        window.failAll('disconnected', 'the channel closed before the confirm')
        resolve()
      }),
    )
  }

  function publish(message: OutgoingMessage, options?: { timeoutMs?: number }): Promise<void> {
    if (open === null) return refuse('disconnected', message)
    if (link.isBlocked()) return refuse('blocked', message)
    const { channel, window } = open
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

  function refuse(reason: PublishError['reason'], message: OutgoingMessage): Promise<never> {
    publishFailed.inc({ reason })
    return Promise.reject(new PublishError(reason, `${message.exchange} ${message.routingKey}`))
  }

  function sweep(): void {
    if (open === null) return
    const late = open.window.failLate(Date.now())
    if (late.length === 0) return
    const routes = [...new Set(late.map(publish => `${publish.exchange} ${publish.routingKey}`))].slice(0, 5)
    log.error({ late: late.length, routes, open: open.window.size }, 'no confirm in time')
    if (open.window.late >= MAX_LATE) open.channel.close().catch(() => undefined)
  }

  let repairedAt = 0
  function repairTopology(): void {
    if (isClosed || Date.now() - repairedAt < REPAIR_MS) return
    repairedAt = Date.now()
    log.error('a message found no queue: declaring the topology again')
    declare().catch(error => log.warn({ err: error }, 'cannot declare the topology'))
  }

  keepOpen().catch(error => log.error({ err: error }, 'publisher ended'))
  const timer = setInterval(sweep, SWEEP_MS)
  timer.unref()
  if (link.isConnected()) await within(CONFIRM_MS, opened)

  return {
    publish,
    block() {
      open?.window.failAll('blocked', 'the broker refuses publishers')
    },
    isReady: () => open !== null && !link.isBlocked(),
    async [Symbol.asyncDispose]() {
      isClosed = true
      const giveUpAt = Date.now() + CONFIRM_MS
      while (open !== null && open.window.size > 0 && Date.now() < giveUpAt) await sleep(10)
      clearInterval(timer)
      open?.window.failAll('disconnected', 'the publisher closed')
    },
  }
}

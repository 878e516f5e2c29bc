import { setTimeout as sleep } from 'node:timers/promises'
import { type Channel, type ChannelModel, type ConfirmChannel, connect, type RecoveringChannelModel } from 'amqplib'
import type { Logger } from '../process/logger.ts'

/**
 * One connection that comes back by itself. What lived on it (channels, consumers) does not: its users open anew. A process
 * holds two, for a connection that publishes is stopped whole while the broker has an alarm.
 */
export interface Link extends AsyncDisposable {
  isConnected(): boolean
  /** True while the broker refuses to read from publishers (memory or disk alarm). */
  isBlocked(): boolean
  /** Waits for the connection. @throws when the link is closed */
  createChannel(): Promise<Channel>
  createConfirmChannel(): Promise<ConfirmChannel>
}

export interface LinkOptions {
  name: string
  log: Logger
  /** How long the first connection may take; 0 does not wait for it. */
  startWithinMs: number
  /** Runs on every new connection before anyone may use it; a failure is a failed connection. */
  setup?(model: ChannelModel): Promise<void>
  onBlocked?(): void
}

const CLOSE_MS = 2000
const HEARTBEAT_S = '10'

export async function openLink(url: string, options: LinkOptions): Promise<Link> {
  const { name, log, setup, startWithinMs } = options
  let isConnected = false
  let isBlocked = false

  const connection: RecoveringChannelModel = await connect(withHeartbeat(url), {
    noDelay: true,
    keepAlive: true,
    timeout: 5000,
    clientProperties: { connection_name: name },
    recovery: {
      waitForConnect: false,
      initialDelay: 200,
      maxDelay: 2000,
      setup: (model: ChannelModel) => runSetup(model, setup),
    },
  })
  connection.on('connect', () => {
    isConnected = true
    log.info({ connection: name }, 'rabbitmq connected')
  })
  connection.on('disconnect', error => {
    isConnected = false
    isBlocked = false
    log.warn({ err: error, connection: name }, 'rabbitmq is away')
  })
  connection.on('connect-failed', error => log.warn({ err: error, connection: name }, 'rabbitmq does not answer'))
  connection.on('error', error => log.warn({ err: error, connection: name }, 'rabbitmq connection'))
  connection.on('handler-error', error => log.error({ err: error, connection: name }, 'rabbitmq listener'))
  connection.on('blocked', reason => {
    isBlocked = true
    log.error({ reason, connection: name }, 'rabbitmq refuses publishers')
    options.onBlocked?.()
  })
  connection.on('unblocked', () => {
    isBlocked = false
    log.info({ connection: name }, 'rabbitmq takes publishers again')
  })
  if (startWithinMs > 0) await firstConnection(connection, startWithinMs)

  return {
    isConnected: () => isConnected,
    isBlocked: () => isBlocked,
    createChannel: () => connection.createChannel(),
    createConfirmChannel: () => connection.createConfirmChannel(),
    async [Symbol.asyncDispose]() {
      isConnected = false
      await within(CLOSE_MS, connection.close())
    },
  }
}

/** A channel for one piece of work: a refusal (such as a missing queue) closes it and nobody else's. */
export async function withChannel<T>(
  connection: { createChannel(): Promise<Channel> },
  work: (channel: Channel) => Promise<T>,
): Promise<T> {
  const channel = await connection.createChannel()
  channel.on('error', () => undefined)
  try {
    return await work(channel)
  } finally {
    await within(CLOSE_MS, channel.close())
  }
}

/** `close()` may never resolve once the socket is lost. The answer: whether the work ended in time, well or badly. */
export async function within(ms: number, work: Promise<unknown>): Promise<boolean> {
  const timer = new AbortController()
  const late = sleep(ms, false, { signal: timer.signal }).catch(() => false)
  const done = work.then(
    () => true,
    () => true,
  )
  const inTime = await Promise.race([done, late])
  timer.abort()
  return inTime
}

async function runSetup(model: ChannelModel, setup: LinkOptions['setup']): Promise<void> {
  // Before all else: without it a failure in here would end the process.
  model.on('error', () => undefined)
  let isLost = false
  model.on('close', () => {
    isLost = true
  })
  await setup?.(model)
  // Recovery begins to watch only after this function: a connection that died unseen would be kept for ever.
  if (isLost) throw new Error('the connection was lost during its set-up')
}

async function firstConnection(connection: RecoveringChannelModel, startWithinMs: number): Promise<void> {
  if (await within(startWithinMs, connection.waitForConnect())) return
  await within(CLOSE_MS, connection.close())
  throw new Error(`RabbitMQ did not answer within ${Math.round(startWithinMs / 1000)} s`)
}

/** The heartbeat counts only in the address; as a socket option it is ignored. */
function withHeartbeat(url: string): string {
  const address = new URL(url)
  if (!address.searchParams.has('heartbeat')) address.searchParams.set('heartbeat', HEARTBEAT_S)
  return address.href
}

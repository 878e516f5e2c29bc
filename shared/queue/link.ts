import { setTimeout as sleep } from 'node:timers/promises'
import { type Channel, type ChannelModel, type ConfirmChannel, connect, type RecoveringChannelModel } from 'amqplib'
import type { Logger } from '../process/logger.ts'

/**
 * A connection that reconnects by itself. Its channels and consumers do not: their users open new ones. A process holds two
 * connections, because during an alarm the broker stops reading from a connection that publishes.
 */
export interface Link extends AsyncDisposable {
  isConnected(): boolean
  /** Whether the broker refuses to read from publishers, because of a memory or disk alarm. */
  isBlocked(): boolean
  /** Waits for the connection. @throws when the link is closed */
  createChannel(): Promise<Channel>
  createConfirmChannel(): Promise<ConfirmChannel>
}

export interface LinkOptions {
  name: string
  log: Logger
  /** Time limit of the first connection; 0 does not wait for it. */
  startWithinMs: number
  /** Runs on every new connection before its first use; a failure is a failed connection. */
  setup?(model: ChannelModel): Promise<void>
  onBlocked?(): void
}

const CLOSE_MS = 2000
const HEARTBEAT_S = '10'

/** Connects in the background and stays connected. @throws when the first connection takes longer than `startWithinMs` */
export async function openLink(url: string, options: LinkOptions): Promise<Link> {
  const connection = await connectForever(url, options)
  const state = watchState(connection, options)
  if (options.startWithinMs > 0) await firstConnection(connection, options.startWithinMs)
  return {
    isConnected: () => state.isConnected,
    isBlocked: () => state.isBlocked,
    createChannel: () => connection.createChannel(),
    createConfirmChannel: () => connection.createConfirmChannel(),
    async [Symbol.asyncDispose]() {
      state.isConnected = false
      await within(CLOSE_MS, connection.close())
    },
  }
}

const connectForever = (url: string, { name, setup }: LinkOptions): Promise<RecoveringChannelModel> =>
  connect(withHeartbeat(url), {
    noDelay: true,
    keepAlive: true,
    timeout: 5000,
    clientProperties: { connection_name: name },
    recovery: {
      waitForConnect: false,
      initialDelay: 200,
      maxDelay: 1000,
      setup: (model: ChannelModel) => runSetup(model, setup),
    },
  })

/** Logs the events of the connection. @returns its state, kept up to date */
function watchState(connection: RecoveringChannelModel, { name, log, onBlocked }: LinkOptions) {
  const state = { isConnected: false, isBlocked: false }
  connection.on('connect', () => {
    state.isConnected = true
    log.info({ connection: name }, 'rabbitmq connected')
  })
  connection.on('disconnect', error => {
    state.isConnected = false
    state.isBlocked = false
    log.warn({ err: error, connection: name }, 'rabbitmq disconnected')
  })
  connection.on('connect-failed', error => log.warn({ err: error, connection: name }, 'rabbitmq unreachable'))
  connection.on('error', error => log.warn({ err: error, connection: name }, 'rabbitmq connection failed'))
  connection.on('handler-error', error => log.error({ err: error, connection: name }, 'rabbitmq listener failed'))
  connection.on('blocked', reason => {
    state.isBlocked = true
    log.error({ reason, connection: name }, 'rabbitmq blocks publishers')
    onBlocked?.()
  })
  connection.on('unblocked', () => {
    state.isBlocked = false
    log.info({ connection: name }, 'rabbitmq unblocked publishers')
  })
  return state
}

/**
 * Runs `work` on a channel of its own: a refusal, such as a missing queue, then closes no other channel.
 * @throws the broker's refusal, with its code, also where several requests were under way
 */
export async function withChannel<T>(
  connection: { createChannel(): Promise<Channel> },
  work: (channel: Channel) => Promise<T>,
): Promise<T> {
  const channel = await connection.createChannel()
  let refusal: unknown
  channel.on('error', error => {
    refusal = error
  })
  try {
    return await work(channel)
  } catch (error) {
    throw refusal ?? error
  } finally {
    await within(CLOSE_MS, channel.close())
  }
}

/** Bounds a wait: `close()` may never resolve after the socket is lost. @returns whether `work` settled in time, also by error */
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
  // An error event without a listener would end the process during the set-up.
  model.on('error', () => undefined)
  let isLost = false
  model.on('close', () => {
    isLost = true
  })
  await setup?.(model)
  // Recovery watches the connection only after this function: it would keep a connection that was lost before.
  if (isLost) throw new Error('the connection was lost during its set-up')
}

async function firstConnection(connection: RecoveringChannelModel, startWithinMs: number): Promise<void> {
  if (await within(startWithinMs, connection.waitForConnect())) return
  await within(CLOSE_MS, connection.close())
  throw new Error(`RabbitMQ did not answer within ${Math.round(startWithinMs / 1000)} s`)
}

/** The address with a heartbeat parameter: amqplib reads the heartbeat from nowhere else. */
function withHeartbeat(url: string): string {
  const address = new URL(url)
  if (!address.searchParams.has('heartbeat')) address.searchParams.set('heartbeat', HEARTBEAT_S)
  return address.href
}

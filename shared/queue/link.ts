import { EventEmitter } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Channel, type ChannelModel, type ConfirmChannel, connect, type RecoveringChannelModel } from 'amqplib'
import type { Logger } from '../process/logger.ts'

/**
 * One connection that comes back by itself. What lived on it (channels, consumers) does not: `connected` and `lost` tell its
 * users. A process holds two, for a connection that publishes is stopped whole while the broker has an alarm.
 */
export interface Link extends AsyncDisposable {
  readonly changes: EventEmitter<{ connected: []; lost: []; blocked: []; unblocked: [] }>
  isConnected(): boolean
  /** True while the broker refuses to read from publishers (memory or disk alarm). */
  isBlocked(): boolean
  /** Wait for the connection. @throws when the link is closed */
  createChannel(): Promise<Channel>
  createConfirmChannel(): Promise<ConfirmChannel>
}

export interface LinkOptions {
  name: string
  log: Logger
  /** Runs on every new connection before anyone may use it; a failure is a failed connection. */
  setup?(model: ChannelModel): Promise<void>
}

const CLOSE_MS = 2000
const HEARTBEAT_S = '10'

export async function openLink(url: string, { name, log, setup }: LinkOptions): Promise<Link> {
  const changes: Link['changes'] = new EventEmitter()
  let isConnected = false
  let isBlocked = false

  const connection: RecoveringChannelModel = await connect(withHeartbeat(url), {
    noDelay: true,
    timeout: 5000,
    clientProperties: { connection_name: name },
    recovery: {
      waitForConnect: false,
      initialDelay: 200,
      maxDelay: 2000,
      async setup(model: ChannelModel) {
        // Without it a failure in here would end the process.
        model.on('error', error => log.warn({ err: error }, 'rabbitmq connection'))
        await setup?.(model)
      },
    },
  })
  connection.on('connect', () => {
    isConnected = true
    isBlocked = false
    changes.emit('connected')
  })
  connection.on('disconnect', error => {
    isConnected = false
    isBlocked = false
    log.warn({ err: error }, 'rabbitmq is away')
    changes.emit('lost')
  })
  connection.on('connect-failed', error => log.warn({ err: error }, 'rabbitmq does not answer'))
  connection.on('error', error => log.warn({ err: error }, 'rabbitmq connection'))
  connection.on('handler-error', error => log.error({ err: error }, 'rabbitmq listener'))
  connection.on('blocked', reason => {
    isBlocked = true
    log.error({ reason }, 'rabbitmq refuses publishers')
    changes.emit('blocked')
  })
  connection.on('unblocked', () => {
    isBlocked = false
    log.info('rabbitmq takes publishers again')
    changes.emit('unblocked')
  })
  await connection.waitForConnect()

  return {
    changes,
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

/** The heartbeat counts only in the address; as a socket option it is ignored. */
function withHeartbeat(url: string): string {
  const address = new URL(url)
  if (!address.searchParams.has('heartbeat')) address.searchParams.set('heartbeat', HEARTBEAT_S)
  return address.href
}

/** `close()` may never resolve once the socket is lost. */
export async function within(ms: number, work: Promise<unknown>): Promise<void> {
  const timer = new AbortController()
  await Promise.race([work.catch(() => undefined), sleep(ms, undefined, { signal: timer.signal }).catch(() => undefined)])
  timer.abort()
}

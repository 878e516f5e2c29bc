import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from '../process/logger.ts'
import { type Link, within } from './link.ts'
import type { RetryDelay } from './moves.ts'
import type { Publisher } from './publisher.ts'
import { type End, openSession, type Session, type Work } from './session.ts'
import type { ConsumeOptions, Consumer } from './types.ts'

export interface ConsumerDeps {
  link: Link
  publisher: Publisher
  log: Logger
  /** Declares the topology again: someone deleted a queue while we ran. */
  declare(): Promise<void>
  outageInPlaceMs: number
  ladder: readonly RetryDelay[]
}

/** A consumer with a channel of its own, which it replaces whenever channel or connection die. */
export interface SupervisedConsumer extends Consumer {
  /** True once this channel was given something: with a single active consumer, the standby gets nothing. */
  isActive(): boolean
  inHand(): number
  /** Hands the queue over: drains, closes the channel (the rest returns in order) and subscribes again, behind the others. */
  handOver(): Promise<void>
}

const RESUBSCRIBE_MS = [100, 250, 500, 1000, 2000, 5000]
/** A queue without a leader takes a subscription and never answers. */
const SUBSCRIBE_MS = 30_000
const PING_MS = 1000
const BLIND_WAIT_MS = 5000
const FIRST_MS = 5000
const STOP_MS = 2000
const NOT_FOUND = 404

export async function startConsumer(
  deps: ConsumerDeps,
  queue: string,
  work: Work,
  options: ConsumeOptions,
): Promise<SupervisedConsumer> {
  const { link, log } = deps
  let session: Session | null = null
  const stop = new AbortController()
  const first = Promise.withResolvers<void>()

  async function run(): Promise<void> {
    for (let failures = 0; !stop.signal.aborted; ) {
      const end = await subscribe().then(
        reason => {
          failures = 0
          return reason
        },
        error => {
          failures++
          if (!stop.signal.aborted) log.warn({ err: error, queue }, 'cannot consume')
          return isMissing(error) ? 'missing' : 'lost'
        },
      )
      session = null
      log.debug({ queue, end }, 'subscription ended')
      if (stop.signal.aborted || end === 'handed over') continue
      if (end === 'outage') await untilAvailable()
      if (end === 'missing') await deps.declare().catch(error => log.warn({ err: error, queue }, 'cannot declare'))
      await pause(RESUBSCRIBE_MS[Math.min(failures, RESUBSCRIBE_MS.length - 1)])
    }
  }

  async function subscribe(): Promise<End> {
    const channel = await link.createChannel()
    const opened = openSession({ channel, queue, work, ...deps })
    // A stop that came while the connection was away has found no session to drain.
    if (stop.signal.aborted) await opened.end('stopped')
    else await consumeWith(opened, channel)
    return opened.ended
  }

  async function consumeWith(opened: Session, channel: Awaited<ReturnType<Link['createChannel']>>): Promise<void> {
    session = opened
    try {
      await inTime(channel.prefetch(options.prefetch))
      await inTime(
        channel.consume(queue, message => {
          if (message === null) opened.end('missing').catch(error => log.warn({ err: error, queue }, 'cannot close'))
          else opened.push(message)
        }),
      )
    } catch (error) {
      await opened.end('lost')
      throw error
    }
    isSubscribed.add(opened)
    log.debug({ queue }, 'subscribed')
    first.resolve()
  }

  const isSubscribed = new WeakSet<Session>()

  /** Waits for the server whose absence ended the channel. */
  async function untilAvailable(): Promise<void> {
    if (options.available === undefined) return pause(BLIND_WAIT_MS)
    log.warn({ queue }, 'not consuming until the server is back')
    while (!stop.signal.aborted && !(await options.available().catch(() => false))) await pause(PING_MS)
  }

  const pause = (ms: number | undefined) => sleep(ms, undefined, { signal: stop.signal }).catch(() => undefined)

  const running = run()
  running.catch(error => log.error({ err: error, queue }, 'consumer ended'))
  if (link.isConnected()) await within(FIRST_MS, first.promise)

  return {
    queue,
    isReady: () => session !== null && isSubscribed.has(session) && link.isConnected(),
    isActive: () => session?.hasDelivered() ?? false,
    inHand: () => session?.inHand() ?? 0,
    async handOver() {
      await session?.drain('handed over')
    },
    async [Symbol.asyncDispose]() {
      stop.abort()
      await session?.drain('stopped')
      await within(STOP_MS, running)
    },
  }
}

async function inTime<T>(answer: Promise<T>): Promise<T> {
  if (!(await within(SUBSCRIBE_MS, answer))) throw new Error(`no answer within ${SUBSCRIBE_MS / 1000} s`)
  return answer
}

const isMissing = (error: unknown) => typeof error === 'object' && error !== null && 'code' in error && error.code === NOT_FOUND

import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from '../process/logger.ts'
import { type Link, within } from './link.ts'
import type { Publisher } from './publisher.ts'
import { openSession, type Session, type Work } from './session.ts'
import type { ConsumeOptions, Consumer } from './types.ts'

export interface ConsumerDeps {
  link: Link
  publisher: Publisher
  log: Logger
  /** Declares the topology again: someone deleted a queue while we ran. */
  declare(): Promise<void>
}

/** A consumer with a channel of its own, which it replaces whenever channel or connection die. */
export interface SupervisedConsumer extends Consumer {
  /** True once this channel was given something: with a single active consumer, the standby gets nothing. */
  isActive(): boolean
  /** Hands the queue over: drains, closes the channel (the rest returns in order) and subscribes again, behind the others. */
  handOver(): Promise<void>
}

const RESUBSCRIBE_MS = 250
const PING_MS = 1000
const STOP_MS = 20_000

export async function startConsumer(
  deps: ConsumerDeps,
  queue: string,
  work: Work,
  options: ConsumeOptions,
): Promise<SupervisedConsumer> {
  const { link, log } = deps
  let session: Session | null = null
  let isStopped = false
  let firstReady: () => void = () => undefined
  const ready = new Promise<void>(resolve => {
    firstReady = resolve
  })

  async function run(): Promise<void> {
    while (!isStopped) {
      const end = await subscribe().catch(error => {
        if (!isStopped) log.warn({ err: error, queue }, 'cannot consume')
        return isMissing(error) ? 'missing' : 'lost'
      })
      session = null
      if (isStopped) return
      if (end === 'outage') await untilAvailable()
      if (end === 'missing') await deps.declare().catch(error => log.warn({ err: error }, 'cannot declare'))
      if (end !== 'handed over') await sleep(RESUBSCRIBE_MS)
    }
  }

  async function subscribe(): Promise<string> {
    const channel = await link.createChannel()
    const opened = openSession({ channel, queue, work, publisher: deps.publisher, log })
    await channel.prefetch(options.prefetch)
    await channel.consume(queue, message => (message === null ? opened.end('missing') : opened.push(message)))
    session = opened
    firstReady()
    return opened.ended
  }

  async function untilAvailable(): Promise<void> {
    while (!isStopped && !(await (options.available?.() ?? Promise.resolve(true)).catch(() => false))) await sleep(PING_MS)
  }

  const running = run()
  running.catch(error => log.error({ err: error, queue }, 'consumer ended'))
  await ready

  return {
    queue,
    isReady: () => session !== null,
    isActive: () => session?.hasDelivered() ?? false,
    async handOver() {
      await session?.drain('handed over')
    },
    async [Symbol.asyncDispose]() {
      isStopped = true
      await session?.drain('stopped')
      await within(STOP_MS, Promise.race([running, link.isConnected() ? running : Promise.resolve()]))
    },
  }
}

const isMissing = (error: unknown) => typeof error === 'object' && error !== null && 'code' in error && error.code === 404

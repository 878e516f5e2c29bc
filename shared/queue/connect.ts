import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from '../process/logger.ts'
import { type ConsumerDeps, type SupervisedConsumer, startConsumer } from './consumer.ts'
import { declareFor } from './declare.ts'
import { type Link, openLink, withChannel } from './link.ts'
import { LADDER_S, type RetryDelay } from './moves.ts'
import { Publisher } from './publisher.ts'
import type { ServiceName } from './rights.ts'
import type { Work } from './session.ts'
import { shareShards } from './shards.ts'
import { type BatchOptions, type ConsumeOptions, DONE, type Queue } from './types.ts'
import { watchQueues } from './watch.ts'

export interface QueueOptions {
  log: Logger
  /** Name of the connection in the broker's management pages. */
  name: string
  /** Declares what this service owns; otherwise the whole topology. */
  service?: ServiceName
  /**
   * Time limit for the broker's answer at the start, 60 s by default. 0 does not wait: publishing fails as `disconnected` and
   * consumers start once the broker is connected.
   */
  startWithinMs?: number
  /** Wait after creating queues (3 s): a quorum queue a few seconds old may not survive a kill -9 of its node. */
  youngQueueWaitMs?: number
  /** Time for which a batch is repeated in place during an Outage, 60 s by default. */
  outageInPlaceMs?: number
  /** Wait after the first round that an outage ended, 1 s by default; it doubles up to 300 times as long. */
  outageRoundMs?: number
  /** Delay in seconds before the next attempt, by the number of the failed one. */
  ladder?: readonly RetryDelay[]
  /** Period of the check of this process's share of the shards, 2 s by default. */
  balanceMs?: number
}

/** Time limit of the connection that a consumer opens for itself alone. */
const OWN_LINK_MS = 10_000

/**
 * Connects to RabbitMQ and declares what the service owns: two connections, confirmed publishing, consumers that subscribe again by
 * themselves. @throws when the broker does not answer within `startWithinMs`
 */
export async function connectQueue(url: string, options: QueueOptions): Promise<Queue> {
  const { log, name, service = null, startWithinMs = 60_000, youngQueueWaitMs = 3000 } = options
  let publisher: Publisher | null = null
  await using stack = new AsyncDisposableStack()
  const [publishing, consuming] = await Promise.all([
    openLink(url, {
      name: `${name} publish`,
      log,
      startWithinMs,
      setup: async model => {
        if (await declareFor(model, service, log)) await sleep(youngQueueWaitMs)
      },
      onBlocked: () => publisher?.block(),
    }).then(link => stack.use(link)),
    openLink(url, { name: `${name} consume`, log, startWithinMs }).then(link => stack.use(link)),
  ])
  // A later declaration uses the consuming connection: during an alarm the broker blocks the publishing one.
  const declare = async () => void (await declareFor(consuming, service, log))
  publisher = stack.use(new Publisher({ link: publishing, log, declare }))
  const openOwnLink = (queue: string) => openLink(url, { name: `${name} consume ${queue}`, log, startWithinMs: OWN_LINK_MS })
  const parts = { publishing, consuming, publisher, declare, openOwnLink }
  return queueOf(parts, options, stack.move())
}

interface Parts {
  publishing: Link
  consuming: Link
  publisher: Publisher
  declare(): Promise<void>
  openOwnLink(queue: string): Promise<Link>
}

function queueOf(parts: Parts, options: QueueOptions, stack: AsyncDisposableStack): Queue {
  const { publishing, consuming, publisher, declare, openOwnLink } = parts
  const { log, outageInPlaceMs = 60_000, outageRoundMs = 1000, ladder = LADDER_S, balanceMs = 2000 } = options
  const consumers = new Set<SupervisedConsumer>()
  const onStopped = (consumer: SupervisedConsumer) => void consumers.delete(consumer)
  const outage = { outageInPlaceMs, outageRoundMs }
  const deps: ConsumerDeps = { link: consuming, openOwnLink, publisher, log, declare, ...outage, ladder, onStopped }
  stack.use(watchQueues(consuming, consumers, log))
  stack.defer(async () => void (await Promise.all([...consumers].map(consumer => consumer[Symbol.asyncDispose]()))))

  async function start(queue: string, work: Work, { prefetch, available }: ConsumeOptions): Promise<SupervisedConsumer> {
    const consumer = await startConsumer(deps, queue, work, { prefetch, available })
    consumers.add(consumer)
    return consumer
  }

  async function check(queue: string) {
    const { messageCount, consumerCount } = await withChannel(consuming, channel => channel.checkQueue(queue))
    return { messageCount, consumerCount }
  }

  const queue: Queue = {
    publish: (message, options) => publisher.publish(message, options),
    consume(name, handler, options) {
      const one: Work['handler'] = async ([delivery], signal) => (delivery ? handler(delivery, signal) : DONE)
      const limit = options.handlerMs === undefined ? {} : { handlerMs: options.handlerMs }
      return start(name, { handler: one, maxBatch: 1, lingerMs: 0, everyMs: 0, parallel: true, ...limit }, options)
    },
    consumeBatches: (name, handler, options) => start(name, batchWork(handler, options), options),
    async consumeShards(names, handler, options) {
      await using members = new AsyncDisposableStack()
      if (options.joinMembers) members.use(await queue.consume(options.membersQueue, async () => DONE, { prefetch: 1 }))
      const shards = await Promise.all(names.map(name => start(name, batchWork(handler, options), options)))
      const instances = async () => (await check(options.membersQueue)).consumerCount
      const shared = members.use(shareShards(shards, { instances, everyMs: balanceMs, log }))
      const owned = members.move()
      return { ...shared, [Symbol.asyncDispose]: () => owned.disposeAsync() }
    },
    check,
    isReady: () => publishing.isConnected() && consuming.isConnected() && publisher.isReady(),
    isBlocked: () => publishing.isBlocked(),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
  return queue
}

const batchWork = (handler: Work['handler'], { maxBatch, lingerMs, everyMs = 0, patienceMs, handlerMs }: BatchOptions): Work => ({
  handler,
  maxBatch,
  lingerMs,
  everyMs,
  ...(patienceMs !== undefined && { patienceMs }),
  ...(handlerMs !== undefined && { handlerMs }),
  parallel: false,
})

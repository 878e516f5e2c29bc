import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from '../process/logger.ts'
import { type ConsumerDeps, type SupervisedConsumer, startConsumer } from './consumer.ts'
import { declareTopology } from './declare.ts'
import { type Link, openLink, withChannel } from './link.ts'
import { LADDER_S, type RetryDelay } from './moves.ts'
import { openPublisher, type Publisher } from './publisher.ts'
import type { Work } from './session.ts'
import { shareShards } from './shards.ts'
import { topology } from './topology.ts'
import { type ConsumeOptions, DONE, type Queue } from './types.ts'
import { watchQueues } from './watch.ts'

export interface QueueOptions {
  log: Logger
  /** Shown by the broker beside the connection. */
  name: string
  /**
   * How long the broker may take to answer at the start, 60 s by default. 0 does not wait: publishing fails as `disconnected`
   * and consumers begin when it is there.
   */
  startWithinMs?: number
  /** The wait after creating queues (3 s): a quorum queue of less than a few seconds does not survive a kill -9 of its node. */
  youngQueueWaitMs?: number
  /** How long a batch is repeated in place during an Outage (60 s). */
  outageInPlaceMs?: number
  /** Seconds until the next try, by attempt. */
  ladder?: readonly RetryDelay[]
  /** How often this process's share of the shards is checked (2 s). */
  balanceMs?: number
}

/**
 * The broker cancels the consumers of a deleted queue a moment after it is gone. A queue declared again before that leaves them
 * subscribed to nothing, without an error.
 */
const CANCEL_MS = 1000

/** RabbitMQ with everything declared: two connections, confirmed publishing, consumers that come back by themselves. */
export async function connectQueue(url: string, options: QueueOptions): Promise<Queue> {
  const { log, name, startWithinMs = 60_000, youngQueueWaitMs = 3000 } = options
  let publisher: Publisher | null = null
  await using stack = new AsyncDisposableStack()
  const [publishing, consuming] = await Promise.all([
    openLink(url, {
      name: `${name} publish`,
      log,
      startWithinMs,
      setup: async model => {
        if (await declareTopology(model, topology())) await sleep(youngQueueWaitMs)
      },
      onBlocked: () => publisher?.block(),
    }).then(link => stack.use(link)),
    openLink(url, { name: `${name} consume`, log, startWithinMs }).then(link => stack.use(link)),
  ])
  // The consuming connection declares while we run: during an alarm the publishing one is blocked.
  const declare = async () => {
    await sleep(CANCEL_MS)
    await declareTopology(consuming, topology())
  }
  publisher = stack.use(await openPublisher({ link: publishing, log, declare }))
  const parts = { publishing, consuming, publisher, declare }
  return queueOf(parts, options, stack.move())
}

interface Parts {
  publishing: Link
  consuming: Link
  publisher: Publisher
  declare(): Promise<void>
}

function queueOf(parts: Parts, options: QueueOptions, stack: AsyncDisposableStack): Queue {
  const { publishing, consuming, publisher, declare } = parts
  const { log, outageInPlaceMs = 60_000, ladder = LADDER_S, balanceMs = 2000 } = options
  const consumers = new Set<SupervisedConsumer>()
  const onStopped = (consumer: SupervisedConsumer) => void consumers.delete(consumer)
  const deps: ConsumerDeps = { link: consuming, publisher, log, declare, outageInPlaceMs, ladder, onStopped }
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
      return start(name, { handler: one, maxBatch: 1, lingerMs: 0, parallel: true }, options)
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

const batchWork = (handler: Work['handler'], { maxBatch, lingerMs }: { maxBatch: number; lingerMs: number }): Work => ({
  handler,
  maxBatch,
  lingerMs,
  parallel: false,
})

import { setTimeout as sleep } from 'node:timers/promises'
import type { Channel } from 'amqplib'
import type { Logger } from '../process/logger.ts'
import { queueDepth } from '../process/metrics.ts'
import { type ConsumerDeps, startConsumer } from './consumer.ts'
import { declareTopology } from './declare.ts'
import { openLink } from './link.ts'
import { openPublisher } from './publisher.ts'
import { shareShards } from './shards.ts'
import { topology } from './topology.ts'
import { DONE, type Handler, type Queue } from './types.ts'

export interface QueueOptions {
  log: Logger
  /** Shown by the broker beside the connection. */
  name: string
  /** A quorum queue less than a few seconds old does not survive a kill -9 of its node: whoever creates one waits. */
  youngQueueWaitMs?: number
}

const YOUNG_QUEUE_MS = 3000
const DEPTH_MS = 5000

/** RabbitMQ with everything declared: two connections, confirmed publishing, consumers that come back by themselves. */
export async function connectQueue(url: string, { log, name, youngQueueWaitMs = YOUNG_QUEUE_MS }: QueueOptions): Promise<Queue> {
  let isYoung = false
  const publishing = await openLink(url, {
    name: `${name} publish`,
    log,
    async setup(model) {
      isYoung = await declareTopology(model, topology())
    },
  })
  const consuming = await openLink(url, { name: `${name} consume`, log })
  const publisher = await openPublisher(publishing, log)
  if (isYoung) await sleep(youngQueueWaitMs)

  const declare = async () => void (await declareTopology(publishing, topology()))
  const deps: ConsumerDeps = { link: consuming, publisher, log, declare }
  const consumed = new Set<string>()
  let control: Channel | null = null

  async function check(queue: string) {
    if (control === null) {
      control = await publishing.createChannel()
      control.on('error', () => undefined)
      control.on('close', () => {
        control = null
      })
    }
    const { messageCount, consumerCount } = await control.checkQueue(queue)
    return { messageCount, consumerCount }
  }

  const depths = setInterval(() => {
    for (const queue of consumed) {
      if (!publishing.isConnected()) return
      check(queue).then(
        ({ messageCount }) => queueDepth.set({ queue }, messageCount),
        () => undefined,
      )
    }
  }, DEPTH_MS)
  depths.unref()

  const queue: Queue = {
    publish: publisher.publish,
    async consume(name, handler, options) {
      consumed.add(name)
      const one: Handler = handler
      const work = {
        handler: ([delivery]: Parameters<Handler>[0][], signal: AbortSignal) =>
          delivery ? one(delivery, signal) : Promise.resolve(DONE),
      }
      return startConsumer(deps, name, { ...work, maxBatch: 1, lingerMs: 0, parallel: true }, options)
    },
    async consumeBatches(name, handler, { maxBatch, lingerMs, ...options }) {
      consumed.add(name)
      return startConsumer(deps, name, { handler, maxBatch, lingerMs, parallel: false }, options)
    },
    async consumeShards(names, handler, { maxBatch, lingerMs, membersQueue, joinMembers, ...options }) {
      for (const name of names) consumed.add(name)
      const member = joinMembers ? await queue.consume(membersQueue, async () => DONE, { prefetch: 1 }) : null
      const work = { handler, maxBatch, lingerMs, parallel: false }
      const consumers = await Promise.all(names.map(name => startConsumer(deps, name, work, options)))
      const shards = shareShards(consumers, async () => (await check(membersQueue)).consumerCount, log)
      return {
        ...shards,
        async [Symbol.asyncDispose]() {
          await member?.[Symbol.asyncDispose]()
          await shards[Symbol.asyncDispose]()
        },
      }
    },
    check,
    isReady: () => publishing.isConnected() && consuming.isConnected() && publisher.isReady(),
    isBlocked: () => publishing.isBlocked(),
    async [Symbol.asyncDispose]() {
      clearInterval(depths)
      await publisher[Symbol.asyncDispose]()
      await Promise.all([consuming[Symbol.asyncDispose](), publishing[Symbol.asyncDispose]()])
    },
  }
  return queue
}

import type { Logger } from '../process/logger.ts'
import { queueDepth } from '../process/metrics.ts'
import type { SupervisedConsumer } from './consumer.ts'
import { type Link, withChannel } from './link.ts'

const EVERY_MS = 5000

/**
 * Looks at the queues that this process consumes: keeps the gauge of their depth, and subscribes again where the broker knows of
 * no consumer though we believe to be one.
 */
export function watchQueues(link: Link, consumers: Iterable<SupervisedConsumer>, log: Logger): Disposable {
  let isBusy = false

  async function look(): Promise<void> {
    await withChannel(link, async channel => {
      for (const consumer of consumers) {
        const wasReady = consumer.isReady()
        const { messageCount, consumerCount } = await channel.checkQueue(consumer.queue)
        queueDepth.set({ queue: consumer.queue }, messageCount)
        if (consumerCount > 0 || !wasReady || !consumer.isReady()) continue
        log.error({ queue: consumer.queue }, 'the broker has forgotten this consumer')
        await consumer.handOver()
      }
    })
  }

  const timer = setInterval(() => {
    if (isBusy || !link.isConnected()) return
    isBusy = true
    look()
      .catch(error => log.debug({ err: error }, 'cannot look at the queues'))
      .finally(() => {
        isBusy = false
      })
  }, EVERY_MS)
  timer.unref()
  return { [Symbol.dispose]: () => clearInterval(timer) }
}

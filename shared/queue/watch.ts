import type { Logger } from '../process/logger.ts'
import { queueDepth } from '../process/metrics.ts'
import type { SupervisedConsumer } from './consumer.ts'
import { type Link, withChannel } from './link.ts'

const EVERY_MS = 5000

/**
 * Checks every 5 s the queues that this process consumes: sets the gauge of their depth, and subscribes again where the broker
 * counts no consumer although ours is subscribed.
 */
export function watchQueues(link: Link, consumers: Iterable<SupervisedConsumer>, log: Logger): Disposable {
  let isBusy = false

  async function checkQueues(): Promise<void> {
    await withChannel(link, async channel => {
      for (const consumer of consumers) {
        const wasReady = consumer.isReady()
        const { messageCount, consumerCount } = await channel.checkQueue(consumer.queue)
        queueDepth.set({ queue: consumer.queue }, messageCount)
        if (consumerCount > 0 || !wasReady || !consumer.isReady()) continue
        log.error({ queue: consumer.queue }, 'consumer lost by the broker, subscribing again')
        await consumer.resubscribe()
      }
    })
  }

  const timer = setInterval(() => {
    if (isBusy || !link.isConnected()) return
    isBusy = true
    checkQueues()
      .catch(error => log.debug({ err: error }, 'queues not checked'))
      .finally(() => {
        isBusy = false
      })
  }, EVERY_MS)
  timer.unref()
  return { [Symbol.dispose]: () => clearInterval(timer) }
}

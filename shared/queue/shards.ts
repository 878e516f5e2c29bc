import type { Logger } from '../process/logger.ts'
import type { SupervisedConsumer } from './consumer.ts'

/**
 * Spreads the shards over the processes. With a single active consumer per queue the first process to subscribe is active on all
 * shards, and AMQP does not report whether a consumer is active; one that has received a delivery is. Each process therefore
 * counts the instances and hands over one shard at a time while it is active on more than its share; the broker activates the
 * next subscribed consumer.
 */
export function shareShards(
  consumers: SupervisedConsumer[],
  { instances, everyMs, log }: { instances(): Promise<number>; everyMs: number; log: Logger },
) {
  let isBusy = false

  async function balance(): Promise<void> {
    const share = Math.ceil(consumers.length / Math.max(1, await instances()))
    const surplus = surplusShard(consumers, share)
    if (surplus === null) return
    log.info({ queue: surplus.queue, share }, 'shard handover started')
    await surplus.handOver()
  }

  const timer = setInterval(() => {
    if (isBusy) return
    isBusy = true
    balance()
      .catch(error => log.warn({ err: error }, 'shards not balanced'))
      .finally(() => {
        isBusy = false
      })
  }, everyMs)
  timer.unref()

  return {
    isReady: () => consumers.every(consumer => consumer.isReady()),
    activeShards: () => consumers.filter(consumer => consumer.isActive()).map(consumer => consumer.queue),
    async [Symbol.asyncDispose]() {
      clearInterval(timer)
      await Promise.all(consumers.map(consumer => consumer[Symbol.asyncDispose]()))
    },
  }
}

/** The active shard with the fewest deliveries in hand, if more than `share` are active; else null. */
export function surplusShard<T extends Pick<SupervisedConsumer, 'isActive' | 'inHand'>>(consumers: T[], share: number): T | null {
  const active = consumers.filter(consumer => consumer.isActive())
  if (active.length <= share) return null
  return active.reduce((least, consumer) => (consumer.inHand() < least.inHand() ? consumer : least))
}

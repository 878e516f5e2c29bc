import type { Logger } from '../process/logger.ts'
import type { SupervisedConsumer } from './consumer.ts'

/**
 * With a single active consumer the first process to subscribe is active on all shards, and nothing tells a consumer that it
 * stands by; one that was given something is active. So each process looks how many of its kind live, and hands over one shard
 * at a time while it is active on more than its share; the broker gives it to the next in line.
 */
export function shareShards(
  consumers: SupervisedConsumer[],
  { instances, everyMs, log }: { instances(): Promise<number>; everyMs: number; log: Logger },
) {
  let isBusy = false

  async function look(): Promise<void> {
    const share = Math.ceil(consumers.length / Math.max(1, await instances()))
    const surplus = surplusShard(consumers, share)
    if (surplus === null) return
    log.info({ queue: surplus.queue, share }, 'handing a shard over')
    await surplus.handOver()
  }

  const timer = setInterval(() => {
    if (isBusy) return
    isBusy = true
    look()
      .catch(error => log.warn({ err: error }, 'cannot look for other instances'))
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

/** The one that has least to hand back, if there are more than the share. */
export function surplusShard<T extends Pick<SupervisedConsumer, 'isActive' | 'inHand'>>(consumers: T[], share: number): T | null {
  const active = consumers.filter(consumer => consumer.isActive())
  if (active.length <= share) return null
  return active.reduce((least, consumer) => (consumer.inHand() < least.inHand() ? consumer : least))
}

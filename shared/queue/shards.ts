import type { Logger } from '../process/logger.ts'
import type { SupervisedConsumer } from './consumer.ts'

const LOOK_MS = 2000

/**
 * With a single active consumer the first process to subscribe is active on all shards. Every 2 s each looks how many of its
 * kind live, and hands over one shard if it holds more than its share; the broker gives it to the next in line.
 */
export function shareShards(consumers: SupervisedConsumer[], instances: () => Promise<number>, log: Logger) {
  let isBusy = false

  async function look(): Promise<void> {
    const active = consumers.filter(consumer => consumer.isActive())
    const share = Math.ceil(consumers.length / Math.max(1, await instances()))
    const surplus = active[active.length - 1]
    if (active.length <= share || surplus === undefined) return
    log.info({ queue: surplus.queue, active: active.length, share }, 'handing a shard over')
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
  }, LOOK_MS)
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

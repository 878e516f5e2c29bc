import type { Logger } from '../process/logger.ts'
import { queueDepth } from '../process/metrics.ts'
import { type Link, withChannel } from './link.ts'

const EVERY_MS = 5000

/** Keeps the gauge of the queues that this process consumes. */
export function sampleDepths(link: Link, queues: Iterable<string>, log: Logger): Disposable {
  let isBusy = false

  async function sample(): Promise<void> {
    await withChannel(link, async channel => {
      for (const queue of queues) queueDepth.set({ queue }, (await channel.checkQueue(queue)).messageCount)
    })
  }

  const timer = setInterval(() => {
    if (isBusy || !link.isConnected()) return
    isBusy = true
    sample()
      .catch(error => log.debug({ err: error }, 'cannot sample the queues'))
      .finally(() => {
        isBusy = false
      })
  }, EVERY_MS)
  timer.unref()
  return { [Symbol.dispose]: () => clearInterval(timer) }
}

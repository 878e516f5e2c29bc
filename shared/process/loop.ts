import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from './logger.ts'

/** Runs `work` every `everyMs`, one round at a time, until stopped; an error ends a round, not the loop. */
export function loop(
  name: string,
  everyMs: number,
  work: () => Promise<void>,
  options: { when: () => boolean; log: Logger },
): AsyncDisposable {
  const stop = new AbortController()
  async function run(): Promise<void> {
    while (!stop.signal.aborted) {
      if (options.when()) await work().catch(error => options.log.warn({ err: error, sweep: name }, 'sweep ended early'))
      await sleep(everyMs, undefined, { signal: stop.signal }).catch(() => undefined)
    }
  }
  const running = run()
  return {
    async [Symbol.asyncDispose]() {
      stop.abort()
      await running
    },
  }
}

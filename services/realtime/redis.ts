import { once } from 'node:events'
import { Redis } from 'ioredis'
import type { Logger } from '#shared/process/logger.ts'

/** Two connections, as the adapter needs: one that publishes, one that only listens. */
export interface RedisPair extends AsyncDisposable {
  publisher: Redis
  subscriber: Redis
  isReady(): boolean
}

/**
 * The adapter never looks at the answers to its commands: one that the end of a connection rejects must not end the process.
 * Whoever awaits a command still hears of it.
 */
class WatchedRedis extends Redis {
  override sendCommand(...given: Parameters<Redis['sendCommand']>): ReturnType<Redis['sendCommand']> {
    const answer = super.sendCommand(...given)
    if (answer instanceof Promise) answer.catch(() => undefined)
    return answer
  }
}

const READY_MS = 10_000
const QUIT_MS = 1000
const ASK_MS = 1000
const CONNECT_MS = 3000
/** A network that swallows packets without a word shows in this time; TCP alone would take minutes. */
const SILENT_MS = 3000

/**
 * Resolves when both are ready: an adapter that is made earlier has its subscription refused unheard, and its node stays deaf.
 * Later losses are healed by the client itself.
 */
export async function connectRedisPair(url: string, log: Logger): Promise<RedisPair> {
  const open = (name: string) => {
    const redis = new WatchedRedis(url, {
      connectionName: name,
      retryStrategy: times => Math.min(times * 100, 2000),
      maxRetriesPerRequest: null,
      connectTimeout: CONNECT_MS,
    })
    redis.on('error', error => log.warn({ err: error }, 'redis'))
    return redis
  }
  const publisher = open('linko-realtime-publish')
  const subscriber = open('linko-realtime-subscribe')
  await Promise.all(
    [publisher, subscriber].map(
      async redis => redis.status === 'ready' || once(redis, 'ready', { signal: AbortSignal.timeout(READY_MS) }),
    ),
  )
  let answeredAt = Date.now()
  let isAsking = false
  async function ask(): Promise<void> {
    if (isAsking) return
    isAsking = true
    await Promise.all([publisher.ping(), subscriber.ping()]).then(
      () => {
        answeredAt = Date.now()
      },
      () => undefined,
    )
    isAsking = false
  }
  const areOpen = () => publisher.status === 'ready' && subscriber.status === 'ready'
  const isSilent = () => Date.now() - answeredAt >= SILENT_MS
  const asking = setInterval(() => {
    if (areOpen() && isSilent()) connectAnew()
    void ask()
  }, ASK_MS)
  asking.unref()

  /** Left to itself TCP tries again more and more seldom, and finds a mended network a minute late. */
  function connectAnew(): void {
    log.warn('redis is silent: connecting anew')
    answeredAt = Date.now()
    for (const redis of [publisher, subscriber]) redis.disconnect(true)
  }

  return {
    publisher,
    subscriber,
    isReady: () => areOpen() && !isSilent(),
    async [Symbol.asyncDispose]() {
      clearInterval(asking)
      // The adapter's last commands are still on their way: an abrupt end would reject them unheard.
      await Promise.race([
        Promise.allSettled([publisher.quit(), subscriber.quit()]),
        new Promise(resolve => setTimeout(resolve, QUIT_MS).unref()),
      ])
      publisher.disconnect()
      subscriber.disconnect()
    },
  }
}

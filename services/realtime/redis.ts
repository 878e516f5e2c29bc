import { Redis } from 'ioredis'
import type { Logger } from '#shared/process/logger.ts'

/** Two connections, as the Socket.io adapter needs: one that publishes and one that subscribes. */
export interface RedisPair extends AsyncDisposable {
  publisher: Redis
  subscriber: Redis
  isReady(): boolean
}

/**
 * Redis whose rejected commands never count as unhandled: the adapter ignores the results of its commands, and a lost
 * connection must not end the process. Callers that await a command still get the error.
 */
class WatchedRedis extends Redis {
  override sendCommand(...given: Parameters<Redis['sendCommand']>): ReturnType<Redis['sendCommand']> {
    const answer = super.sendCommand(...given)
    if (answer instanceof Promise) answer.catch(() => undefined)
    return answer
  }
}

const READY_MS = 30_000
const QUIT_MS = 1000
const PING_MS = 1000
const CONNECT_MS = 3000
/** Time without an answer after which a connection counts as lost. TCP alone would take minutes to notice dropped packets. */
const SILENT_MS = 3000

/**
 * Connects both, and resolves when they are ready: an adapter that is created earlier loses its subscription without an error,
 * and its node then gets no events. The client reconnects by itself after a later loss.
 */
export async function connectRedisPair(url: string, log: Logger): Promise<RedisPair> {
  const open = (name: string) => {
    const redis = new WatchedRedis(url, {
      connectionName: name,
      retryStrategy: times => Math.min(times * 100, 2000),
      maxRetriesPerRequest: null,
      connectTimeout: CONNECT_MS,
    })
    redis.on('error', error => log.warn({ err: error }, 'redis connection failed'))
    return redis
  }
  const publisher = open('linko-realtime-publish')
  const subscriber = open('linko-realtime-subscribe')
  await Promise.all([publisher, subscriber].map(untilReady))
  let answeredAt = performance.now()
  let isPinging = false
  async function ping(): Promise<void> {
    if (isPinging) return
    isPinging = true
    await Promise.all([publisher.ping(), subscriber.ping()]).then(
      () => {
        answeredAt = performance.now()
      },
      () => undefined,
    )
    isPinging = false
  }
  const areOpen = () => publisher.status === 'ready' && subscriber.status === 'ready'
  const isSilent = () => performance.now() - answeredAt >= SILENT_MS
  const timer = setInterval(() => {
    if (areOpen() && isSilent()) reconnect()
    void ping()
  }, PING_MS)
  timer.unref()

  /** Opens new connections. TCP retries less and less often, so it would use a restored network up to a minute late. */
  function reconnect(): void {
    log.warn('redis connections restarted')
    answeredAt = performance.now()
    for (const redis of [publisher, subscriber]) redis.disconnect(true)
  }

  return {
    publisher,
    subscriber,
    isReady: () => areOpen() && !isSilent(),
    async [Symbol.asyncDispose]() {
      clearInterval(timer)
      // The adapter's last commands may be under way: closing at once would reject them.
      await Promise.race([
        Promise.allSettled([publisher.quit(), subscriber.quit()]),
        new Promise(resolve => setTimeout(resolve, QUIT_MS).unref()),
      ])
      publisher.disconnect()
      subscriber.disconnect()
    },
  }
}

/** An attempt that fails does not end the wait: the client makes another. @throws Error when none succeeds within `READY_MS` */
function untilReady(redis: Redis): Promise<void> {
  return new Promise((resolve, reject) => {
    if (redis.status === 'ready') return resolve()
    const timer = setTimeout(() => reject(new Error(`Redis did not answer within ${READY_MS / 1000} s`)), READY_MS)
    redis.once('ready', () => {
      clearTimeout(timer)
      resolve()
    })
  })
}

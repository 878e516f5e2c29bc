import { Redis } from 'ioredis'
import type { Logger } from '../process/logger.ts'

export interface RedisOptions {
  log: Logger
  /** Name of the connection in Redis's client list. */
  name?: string
  /** Timeout of a command, so that an unreachable limit does not delay the work that it guards. */
  commandTimeoutMs?: number
}

/**
 * Connects to Redis, whose data may be lost at any time. Waits at most 5 s for the first connection and then continues without
 * it: callers have a fallback, and the connection is made later. Commands fail at once while Redis is away. Disposing closes.
 */
export async function connectRedis(
  url: string,
  { log, name, commandTimeoutMs = 200 }: RedisOptions,
): Promise<Redis & AsyncDisposable> {
  const redis = new Redis(url, {
    connectionName: name ?? 'linko',
    enableAutoPipelining: true,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    commandTimeout: commandTimeoutMs,
    connectTimeout: 5000,
    retryStrategy: times => Math.min(times * 100, 2000),
  })
  let isAway = false
  redis.on('error', error => {
    if (!isAway) log.warn({ err: error }, 'redis disconnected')
    isAway = true
  })
  redis.on('ready', () => {
    if (isAway) log.info('redis reconnected')
    isAway = false
  })
  await new Promise<void>(resolve => {
    const timer = setTimeout(resolve, 5000)
    redis.once('ready', () => {
      clearTimeout(timer)
      resolve()
    })
  })
  return Object.assign(redis, { [Symbol.asyncDispose]: async () => redis.disconnect() })
}

import { Redis } from 'ioredis'
import type { Logger } from '../process/logger.ts'

export interface RedisOptions {
  log: Logger
  /** Shown in Redis's client list. */
  name?: string
  /** How long one command may take: a limit that cannot be asked must not hold up the work that it guards. */
  commandTimeoutMs?: number
}

/**
 * Redis for limits: what it holds may be lost at any time. Waits for the first connection at most 5 s and comes without it:
 * whoever uses it has a fallback, and the connection is made later. Commands fail at once while it is away. Disposing disconnects.
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
    if (!isAway) log.warn({ err: error }, 'redis is away')
    isAway = true
  })
  redis.on('ready', () => {
    if (isAway) log.info('redis is back')
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

import type { SocketUser } from '#shared/contracts/socket-events.ts'
import type { RedisPair } from './redis.ts'

/**
 * The users who are present in a scope (a tenant, or the viewers of a conversation), over all nodes. A member is a node or a
 * socket. Each user and member have a row that expires when its node dies.
 */
export interface Presence {
  /** @returns whether the user was absent before */
  enter(scope: string, user: SocketUser, member: string): Promise<boolean>
  /** @returns whether this was the user's last row */
  leave(scope: string, user: SocketUser, member: string): Promise<boolean>
  present(scope: string): Promise<SocketUser[]>
  /** Extends the lifetime of rows. */
  renew(scope: string, rows: [user: SocketUser, member: string][]): Promise<void>
}

const TTL_MS = 45_000
const ANSWER_MS = 500

/** @param prefix separates installations that share a Redis. Without Redis the results are empty, never an error. */
export function createPresence({ publisher: redis, isReady }: RedisPair, prefix: string): Presence {
  const key = (scope: string) => `${prefix}:presence:${scope}`
  const entry = (user: SocketUser, member: string) => JSON.stringify([user.id, user.name, member])

  async function rows(scope: string): Promise<[string, string, string][]> {
    if (!isReady()) return []
    const found = await withFallback(redis.zrangebyscore(key(scope), Date.now(), '+inf'), [])
    return found.map(row => JSON.parse(row) as [string, string, string])
  }

  async function renew(scope: string, here: [SocketUser, string][]): Promise<void> {
    if (!isReady()) return
    const until = Date.now() + TTL_MS
    const entries = new Set(here.map(([user, member]) => entry(user, member)))
    const writes = redis
      .multi()
      .zadd(key(scope), ...[...entries].flatMap(row => [until, row]))
      .zremrangebyscore(key(scope), 0, Date.now())
      .pexpire(key(scope), TTL_MS)
    await withFallback(writes.exec(), null)
  }

  return {
    renew,
    async enter(scope, user, member) {
      if (!isReady()) return false
      const before = await rows(scope)
      await renew(scope, [[user, member]])
      return !before.some(([id]) => id === user.id)
    },
    async leave(scope, user, member) {
      if (!isReady()) return false
      await withFallback(redis.zrem(key(scope), entry(user, member)), 0)
      return !(await rows(scope)).some(([id]) => id === user.id)
    },
    async present(scope) {
      return [...new Map((await rows(scope)).map(([id, name]) => [id, { id, name }])).values()]
    },
  }
}

/** Resolves with `fallback` after an error or `ANSWER_MS`: without Redis, no caller may wait long. */
async function withFallback<T>(work: Promise<T>, fallback: T): Promise<T> {
  const late = new Promise<T>(resolve => setTimeout(resolve, ANSWER_MS, fallback).unref())
  return Promise.race([work.catch(() => fallback), late])
}

import type { SocketUser } from '#shared/contracts/socket-events.ts'
import { PRESENCE_NOW, presenceKey, presenceRows } from '#shared/limits/presence.ts'
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

/** Extends rows and removes expired ones. ARGV: lifetime in ms, then the rows. */
const RENEW_SCRIPT = `${PRESENCE_NOW}
local untilMs = string.format('%.0f', now + ARGV[1])
for i = 2, #ARGV do redis.call('ZADD', KEYS[1], untilMs, ARGV[i]) end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', '(' .. now)
redis.call('PEXPIRE', KEYS[1], ARGV[1])
return #ARGV - 1
`

/** @param prefix separates installations that share a Redis. Without Redis the results are empty, never an error. */
export function createPresence({ publisher: redis, isReady }: RedisPair, prefix: string): Presence {
  const key = (scope: string) => presenceKey(prefix, scope)
  const entry = (user: SocketUser, member: string) => JSON.stringify([user.id, user.name, member])

  async function rows(scope: string): Promise<[string, string, string][]> {
    if (!isReady()) return []
    return await withFallback(presenceRows(redis, key(scope)), [])
  }

  async function renew(scope: string, here: [SocketUser, string][]): Promise<void> {
    if (!isReady()) return
    const entries = new Set(here.map(([user, member]) => entry(user, member)))
    await withFallback(redis.eval(RENEW_SCRIPT, 1, key(scope), TTL_MS, ...entries), null)
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

import { createHash } from 'node:crypto'
import { ApiError } from '#shared/domain/errors.ts'
import { rateLimited } from '#shared/process/metrics.ts'
import type { GatewayDeps } from '../deps.ts'

const PER_ACCOUNT_AND_IP = 10
const PER_ACCOUNT = 50
const LOCK_MS = 15 * 60_000
const MAX_DOUBLINGS = 6
/** Period in which repeated locks get longer. */
const LOCK_HISTORY_MS = 24 * 60 * 60_000

interface Guard {
  /** Counts an attempt before the password is checked, so that concurrent guesses count too. @throws ApiError 429 LOGIN_LOCKED */
  attempt(): Promise<void>
  /** Clears the counter of this IP address after a correct password. */
  passed(): Promise<void>
}

/**
 * Redis script that counts an attempt. The first attempt above the limit starts a lock; each further lock within a day is twice
 * as long, up to `MAX_DOUBLINGS`. Returns the remaining lock in ms; 0 allows the attempt.
 */
const ATTEMPT = `
local count = redis.call('INCR', KEYS[1])
if count == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
if count <= tonumber(ARGV[1]) then return 0 end
if count == tonumber(ARGV[1]) + 1 then
  local locks = redis.call('INCR', KEYS[2])
  redis.call('PEXPIRE', KEYS[2], ARGV[4])
  redis.call('PEXPIRE', KEYS[1], ARGV[2] * 2 ^ math.min(locks - 1, tonumber(ARGV[3])))
end
return redis.call('PTTL', KEYS[1])
`

const local = new Map<string, { count: number; until: number }>()

/**
 * Brute-force protection of one account: 10 attempts lock it for an IP address and 50 for all addresses, for 15 minutes and longer each
 * time. Unknown e-mail addresses are treated alike. Counters live in Redis, and in this process while Redis is down.
 */
export function lockout({ redis, store }: Pick<GatewayDeps, 'redis' | 'store'>, email: string, ip: string): Guard {
  const account = createHash('sha256').update(email).digest('base64url').slice(0, 24)
  // The braces are a Redis hash tag: they keep all keys of an account on one cluster node.
  const prefix = `linko:${store.connection.name}:lock:{${account}}`
  const limits = [
    { key: `${prefix}:${ip}`, allowed: PER_ACCOUNT_AND_IP },
    { key: prefix, allowed: PER_ACCOUNT },
  ]

  const lockedMs = ({ key, allowed }: (typeof limits)[number]): Promise<number> =>
    (redis.eval(ATTEMPT, 2, key, `${key}:locks`, allowed, LOCK_MS, MAX_DOUBLINGS, LOCK_HISTORY_MS) as Promise<number>).catch(() =>
      attemptLocally(key, allowed),
    )

  return {
    async attempt() {
      for (const limit of limits) {
        const ms = await lockedMs(limit)
        if (ms === 0) continue
        rateLimited.inc({ limit: 'auth' })
        throw new ApiError(429, 'LOGIN_LOCKED', 'Too many failed sign-ins. Try again later.', {
          headers: { 'retry-after': String(Math.max(1, Math.ceil(ms / 1000))) },
        })
      }
    },
    async passed() {
      for (const { key } of limits) local.delete(key)
      const [own, everybody] = limits.map(({ key }) => key) as [string, string]
      await redis
        .multi()
        .del(own, `${own}:locks`)
        .decr(everybody)
        .exec()
        .catch(() => undefined)
    },
  }
}

function attemptLocally(key: string, allowed: number): number {
  rateLimited.inc({ limit: 'fallback' })
  const now = Date.now()
  const kept = local.get(key)
  const entry = kept && kept.until > now ? kept : { count: 0, until: now + LOCK_MS }
  entry.count++
  // The oldest entry is evicted when the map is full, so that guesses cannot exhaust the memory.
  if (local.size >= 50_000) local.delete(local.keys().next().value as string)
  local.set(key, entry)
  return entry.count > allowed ? entry.until - now : 0
}

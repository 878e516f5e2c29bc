import type { Redis } from 'ioredis'
import { ApiError } from '../domain/errors.ts'
import { rateLimited } from '../process/metrics.ts'
import { LocalCounters } from './local-counters.ts'

export interface Quota {
  count: number
  windowMs: number
}

/** `refused`: requests whose identity was refused. */
export type LimitName = 'api' | 'auth' | 'messages' | 'refused'

export interface RateLimiter {
  /** Counts one request and returns the rate-limit headers. @throws ApiError 429 */
  take(name: LimitName, who: string, quota: Quota): Promise<Record<string, string>>
  /** Takes a counted request back, such as a sign-in that turned out to be right. Never fails. */
  giveBack(name: LimitName, who: string): Promise<void>
}

const UNIT_MS = { s: 1000, min: 60_000, h: 3_600_000, d: 86_400_000 } as const

/** Quota from a text such as `100/15min` or `60/min`. @throws Error for anything else, also for a window of zero */
export function parseQuota(text: string): Quota {
  const match = /^([1-9]\d{0,8})\/([1-9]\d{0,5})?(s|min|h|d)$/.exec(text.trim())
  if (match === null) throw new Error('write <n>/<number?><s|min|h|d>, such as 100/15min')
  return { count: Number(match[1]), windowMs: Number(match[2] ?? 1) * UNIT_MS[match[3] as keyof typeof UNIT_MS] }
}

/** The one of two quotas that allows less in the long run. */
export const lesserQuota = (a: Quota, b: Quota): Quota => (b.count / b.windowMs < a.count / a.windowMs ? b : a)

/** Counts a request in the key's window and returns count and remaining time, in one step on Redis's clock. */
const SCRIPT = `
local count = redis.call('INCR', KEYS[1])
if count == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return {count, redis.call('PTTL', KEYS[1])}
`

/** Takes one from a count that is there. Without one, DECR would make a negative count that never expires. */
const GIVE_BACK = `
if tonumber(redis.call('GET', KEYS[1]) or '0') > 0 then redis.call('DECR', KEYS[1]) end
return 0
`

/** Rate limiter over all processes in Redis; while Redis is away each process counts alone, so that no limit is open. */
export function createRateLimiter(redis: Redis, prefix: string): RateLimiter {
  const local = new LocalCounters()
  const keyOf = (name: LimitName, who: string) => `${prefix}:http:${name}:${who}`

  function countLocally(key: string, windowMs: number): [number, number] {
    rateLimited.inc({ limit: 'fallback' })
    const { count, leftMs } = local.add(key, windowMs)
    return [count, leftMs]
  }

  return {
    async take(name, who, { count: allowed, windowMs }) {
      const key = keyOf(name, who)
      const counted = (redis.eval(SCRIPT, 1, key, windowMs) as Promise<[number, number]>).catch(() => countLocally(key, windowMs))
      const [count, leftMs] = await counted
      const resetS = Math.max(1, Math.ceil(leftMs / 1000))
      const headers = {
        'ratelimit-limit': String(allowed),
        'ratelimit-remaining': String(Math.max(0, allowed - count)),
        'ratelimit-reset': String(resetS),
      }
      if (count <= allowed) return headers
      rateLimited.inc({ limit: name })
      throw new ApiError(
        429,
        'RATE_LIMITED',
        `At most ${allowed} requests are allowed in ${windowMs / 1000} s. Try again later.`,
        {
          headers: { ...headers, 'retry-after': String(resetS) },
          parameters: { most: allowed, seconds: resetS },
        },
      )
    },
    async giveBack(name, who) {
      const key = keyOf(name, who)
      await redis.eval(GIVE_BACK, 1, key).catch(() => local.giveBack(key))
    },
  }
}

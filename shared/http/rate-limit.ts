import type { Redis } from 'ioredis'
import { ApiError } from '../domain/errors.ts'
import { rateLimited } from '../process/metrics.ts'

export interface Quota {
  count: number
  windowMs: number
}

export interface RateLimiter {
  /** Counts one request and returns the rate-limit headers. @throws ApiError 429 */
  take(name: 'api' | 'auth' | 'messages', who: string, quota: Quota): Promise<Record<string, string>>
}

const UNIT_MS = { s: 1000, min: 60_000, h: 3_600_000, d: 86_400_000 } as const

/** Quota from a text such as `100/15min` or `60/min`. @throws Error for anything else, also for a window of zero */
export function parseQuota(text: string): Quota {
  const match = /^([1-9]\d{0,8})\/([1-9]\d{0,5})?(s|min|h|d)$/.exec(text.trim())
  if (match === null) throw new Error('write <n>/<number?><s|min|h|d>, such as 100/15min')
  return { count: Number(match[1]), windowMs: Number(match[2] ?? 1) * UNIT_MS[match[3] as keyof typeof UNIT_MS] }
}

/** Counts a request in the key's window and returns count and remaining time, in one step on Redis's clock. */
const SCRIPT = `
local count = redis.call('INCR', KEYS[1])
if count == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return {count, redis.call('PTTL', KEYS[1])}
`

/** Rate limiter over all processes in Redis; while Redis is away each process counts alone, so that no limit is open. */
export function createRateLimiter(redis: Redis, prefix: string): RateLimiter {
  const local = new Map<string, { count: number; until: number }>()

  async function countLocally(key: string, windowMs: number): Promise<[number, number]> {
    rateLimited.inc({ limit: 'fallback' })
    const now = Date.now()
    const kept = local.get(key)
    const entry = kept && kept.until > now ? kept : { count: 0, until: now + windowMs }
    entry.count++
    if (local.size > 50_000) local.clear()
    local.set(key, entry)
    return [entry.count, entry.until - now]
  }

  return {
    async take(name, who, { count: allowed, windowMs }) {
      const key = `${prefix}:http:${name}:${who}`
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
        },
      )
    },
  }
}

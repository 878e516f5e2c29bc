import { createHash } from 'node:crypto'
import { ApiError } from '#shared/domain/errors.ts'
import type { GatewayDeps } from './deps.ts'

const PER_ACCOUNT_AND_IP = 10
const PER_ACCOUNT = 50
const LOCK_MS = 15 * 60_000

interface Guard {
  /** @throws ApiError 429 while locked */
  check(): Promise<void>
  failed(): Promise<void>
  passed(): Promise<void>
}

const local = new Map<string, { count: number; until: number }>()

/**
 * Wrong passwords lock an account for an address after 10, for everybody after 50, for 15 minutes. Known and unknown
 * addresses alike. Counted in Redis, and in this process while that is away: never open.
 */
export function lockout({ redis, store }: Pick<GatewayDeps, 'redis' | 'store'>, email: string, ip: string): Guard {
  const account = createHash('sha256').update(email).digest('base64url').slice(0, 24)
  const prefix = `linko:${store.connection.name}:lock`
  const keys = [
    { key: `${prefix}:${account}:${ip}`, allowed: PER_ACCOUNT_AND_IP },
    { key: `${prefix}:${account}`, allowed: PER_ACCOUNT },
  ]
  return {
    async check() {
      for (const { key, allowed } of keys) {
        const count = Number((await redis.get(key).catch(() => localCount(key))) ?? 0)
        if (count >= allowed)
          throw new ApiError(429, 'LOGIN_LOCKED', 'Too many wrong passwords. Try again later', {
            headers: { 'retry-after': String(LOCK_MS / 1000) },
          })
      }
    },
    async failed() {
      for (const { key } of keys) {
        countLocally(key)
        await redis
          .multi()
          .incr(key)
          .pexpire(key, LOCK_MS)
          .exec()
          .catch(() => undefined)
      }
    },
    async passed() {
      for (const { key } of keys) local.delete(key)
      await redis.del(keys[0]?.key ?? '').catch(() => undefined)
    },
  }
}

function localCount(key: string): number {
  const kept = local.get(key)
  return kept && kept.until > Date.now() ? kept.count : 0
}

function countLocally(key: string): void {
  if (local.size > 50_000) local.clear()
  local.set(key, { count: localCount(key) + 1, until: Date.now() + LOCK_MS })
}

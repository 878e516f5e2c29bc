import type { Redis } from 'ioredis'
import { DAY_MS, type HoldScope, rateFactor } from './claims.ts'

export interface LimitedNumber {
  phoneNumberId: string
  wabaId: string
  /** Portfolio of its messaging limit. */
  portfolioId: string
}

/** Present usage of the limits. */
export interface LimitUsage {
  /** Messages that count against the tenant's own limits now; null without a limit. */
  perMinute: number | null
  perDay: number | null
  numbers: Map<string, NumberUsage>
}
export interface NumberUsage {
  /** Share of its rate that the number may use after Meta's last refusal; 1: all of it. */
  factor: number
  /** People whom the portfolio wrote to first in the last 24 h. */
  messagingUsed: number
  /** Remaining hold of each scope in ms. */
  holds: { scope: Exclude<HoldScope, 'pair'>; ms: number }[]
}

export interface UsageRequest {
  tenantId: string
  perMinute: number | null
  perDay: number | null
  numbers: readonly LimitedNumber[]
}

/**
 * Reads the usage in one round, on Redis's clock; null while Redis is away. Reading uses nothing up.
 * @param prefix `limitsPrefix`
 */
export async function limitUsage(redis: Redis, prefix: string, input: UsageRequest): Promise<LimitUsage | null> {
  try {
    const [seconds, micros] = await redis.time()
    const now = Number(seconds) * 1000 + Number(micros) / 1000
    const [minute, day, ...numbers] = await Promise.all([
      usedOf(redis, `${prefix}:m:${input.tenantId}`, 60_000, input.perMinute, now),
      usedOf(redis, `${prefix}:d:${input.tenantId}`, DAY_MS, input.perDay, now),
      ...input.numbers.map(number => numberUsage(redis, prefix, number, now)),
    ])
    const byId = input.numbers.map((number, i): [string, NumberUsage] => [number.phoneNumberId, numbers[i] as NumberUsage])
    return { perMinute: minute ?? null, perDay: day ?? null, numbers: new Map(byId) }
  } catch {
    return null
  }
}

/** Messages that count against a bucket now, computed from the time at which it will be full again. */
async function usedOf(redis: Redis, key: string, windowMs: number, limit: number | null, now: number): Promise<number | null> {
  if (limit === null) return null
  const wholeAt = Number((await redis.get(key)) ?? 0)
  return Math.min(limit, Math.ceil((Math.max(0, wholeAt - now) * limit) / windowMs))
}

async function numberUsage(redis: Redis, prefix: string, number: LimitedNumber, now: number): Promise<NumberUsage> {
  const { phoneNumberId, wabaId, portfolioId } = number
  const scopes = [
    ['app', 'app'],
    ['waba', wabaId],
    ['number', phoneNumberId],
    ['campaign', phoneNumberId],
  ] as const
  const [slow, messagingUsed, ...held] = await Promise.all([
    redis.hmget(`${prefix}:slow:${phoneNumberId}`, 'factor', 'at'),
    redis.zcount(`${prefix}:q:${portfolioId}`, now - DAY_MS, '+inf'),
    ...scopes.map(([scope, key]) => redis.pttl(`${prefix}:h:${scope}:${key}`)),
  ])
  const [factor, at] = slow
  return {
    factor: rateFactor(factor == null ? undefined : { factor: Number(factor), at: Number(at) }, now),
    messagingUsed,
    holds: scopes.flatMap(([scope], i) => ((held[i] ?? 0) > 0 ? { scope, ms: held[i] as number } : [])),
  }
}

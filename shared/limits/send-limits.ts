import type { Redis } from 'ioredis'
import { rateLimited } from '../process/metrics.ts'
import { HOLD_SCRIPT } from './call-scripts.ts'
import { type Decision, type HoldScope, LIMIT_NAMES, type SendClaim } from './claims.ts'
import { DECIDE_SCRIPT, SLOWER_SCRIPT } from './decide.ts'
import { LocalLimits } from './local-limits.ts'
import { createMessagingLimitWindow, type MessagingLimitWindow } from './messaging-limit.ts'

export interface SendLimits {
  /**
   * Checks every limit for every claim, in order, in one call. A grant uses up the limits and is at most `maxWaitMs` ahead.
   * Never throws: without Redis the process uses its share of each rate.
   */
  decide(claims: readonly SendClaim[], maxWaitMs?: number): Promise<Decision[]>
  /** Holds everything of a scope for `ms`; a longer hold that already exists is kept. */
  hold(scope: HoldScope, key: string, ms: number): Promise<void>
  /** Halves the rate of a number that Meta refused for its rate, for a minute; the rate then recovers within five minutes. */
  slowDown(phoneNumberId: string): Promise<void>
}

export interface SenderLimits extends SendLimits {
  /** People counted by the messaging limits, which are stored in Redis alone. */
  people: MessagingLimitWindow
}

export interface SendLimitsOptions {
  redis: Redis
  /** Number of live sender processes, this one included: without Redis each uses its share. */
  liveSenders?: () => number
  /** Prefix of all keys: `limitsPrefix`. */
  prefix: string
}

type WithScripts = Redis & {
  linkoDecide(prefix: string, maxWaitMs: number, ...claims: (string | number)[]): Promise<number[]>
  linkoHold(prefix: string, name: string, ms: number): Promise<number>
  linkoSlower(prefix: string, phoneNumberId: string): Promise<number>
}

export const MAX_WAIT_MS = 350

/**
 * Prefix of the keys of all limits of one installation, of sends and of other calls: several may share a Redis. The part in braces keeps
 * them in one slot of a cluster.
 */
export const limitsPrefix = (database: string): string => `{linko:${database}:send}`

/** Limits of numbers and pairs over all sender processes, in Redis. */
export function createSendLimits({ redis, liveSenders = () => 1, prefix }: SendLimitsOptions): SenderLimits {
  redis.defineCommand('linkoDecide', { numberOfKeys: 1, lua: DECIDE_SCRIPT })
  redis.defineCommand('linkoHold', { numberOfKeys: 1, lua: HOLD_SCRIPT })
  redis.defineCommand('linkoSlower', { numberOfKeys: 1, lua: SLOWER_SCRIPT })
  const shared = redis as WithScripts
  const local = new LocalLimits()

  async function decide(claims: readonly SendClaim[], maxWaitMs: number): Promise<Decision[]> {
    if (redis.status !== 'ready') return decideAlone(claims, maxWaitMs)
    try {
      return toDecisions(await shared.linkoDecide(prefix, maxWaitMs, ...claims.flatMap(toArguments)))
    } catch {
      return decideAlone(claims, maxWaitMs)
    }
  }

  function decideAlone(claims: readonly SendClaim[], maxWaitMs: number): Decision[] {
    rateLimited.inc({ limit: 'fallback' }, claims.length)
    return local.decide(claims, maxWaitMs, liveSenders())
  }

  return {
    people: createMessagingLimitWindow(redis, prefix),
    async decide(claims, maxWaitMs = MAX_WAIT_MS) {
      if (claims.length === 0) return []
      const decisions = await decide(claims, maxWaitMs)
      for (const decision of decisions) if (!decision.granted) rateLimited.inc({ limit: decision.limit })
      return decisions
    },
    async hold(scope, key, ms) {
      // A hold that does not reach Redis is kept here at least; the other processes will get the same refusal from Meta.
      local.hold(scope, key, ms)
      await shared.linkoHold(prefix, `${scope}:${key}`, ms).then(noop, noop)
    },
    async slowDown(phoneNumberId) {
      local.slowDown(phoneNumberId)
      await shared.linkoSlower(prefix, phoneNumberId).then(noop, noop)
    },
  }
}

/** Script arguments of a claim: CLAIM_FIELDS of them, in the script's order. */
function toArguments(claim: SendClaim): (string | number)[] {
  const { phoneNumberId, ratePerSecond, contactKey, tenantId, perMinute, perDay, wabaId, priority, initiates, leadMs } = claim
  const people = initiates ? [initiates.portfolioId, initiates.limit] : ['', 0]
  const head = [phoneNumberId, Math.max(ratePerSecond, 0.1), contactKey ?? '', tenantId]
  return [...head, perMinute ?? 0, perDay ?? 0, wabaId, priority, ...people, leadMs]
}

function toDecisions(answers: number[]): Decision[] {
  return Array.from({ length: answers.length / 2 }, (_, i) => {
    const waitMs = Math.max(0, answers[2 * i] as number)
    const refusing = answers[2 * i + 1] as number
    return refusing === 0 ? { granted: true, waitMs } : { granted: false, waitMs, limit: LIMIT_NAMES[refusing - 1] as 'number' }
  })
}

const noop = () => undefined

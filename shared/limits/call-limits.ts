import type { Redis } from 'ioredis'
import {
  type CallAccount,
  type CallHold,
  type CallLimits,
  callBucket,
  LOCAL_LIMIT_SHARE,
  MAX_HOLD_MS,
} from '../domain/graph-calls.ts'
import { rateLimited } from '../process/metrics.ts'
import { HOLD_CALLS_SCRIPT, TAKE_CALL_SCRIPT } from './call-scripts.ts'

export interface CallLimitsOptions {
  /** Null: the process uses its local share only. */
  redis: Redis | null
  /** The same prefix as for sends, so that holds of sends apply to calls too. */
  prefix: string
  now?: () => number
}

type WithScripts = Redis & {
  linkoTakeCall(prefix: string, account: string, intervalMs: number, burst: number): Promise<number>
  linkoHoldCalls(prefix: string, name: string, baseMs: number, askedMs: number): Promise<number>
}

const APP = 'app'

export function createCallLimits({ redis, prefix, now }: CallLimitsOptions): CallLimits {
  redis?.defineCommand('linkoTakeCall', { numberOfKeys: 1, lua: TAKE_CALL_SCRIPT })
  redis?.defineCommand('linkoHoldCalls', { numberOfKeys: 1, lua: HOLD_CALLS_SCRIPT })
  const shared = redis as WithScripts | null
  const local = new LocalCalls(now)

  async function take(account: CallAccount | null): Promise<number> {
    if (shared?.status !== 'ready') return takeAlone(account)
    const { intervalMs, burst } = account?.perHour ? callBucket(account.perHour) : { intervalMs: 0, burst: 0 }
    return await shared
      .linkoTakeCall(prefix, account?.wabaId ?? '', intervalMs, burst)
      .then(wait => Math.max(0, wait))
      .catch(() => takeAlone(account))
  }

  function takeAlone(account: CallAccount | null): number {
    rateLimited.inc({ limit: 'fallback' })
    return local.take(account)
  }

  return {
    async take(account) {
      const waitMs = await take(account)
      if (waitMs > 0) rateLimited.inc({ limit: 'calls' })
      return waitMs
    },
    async hold(wabaId, hold) {
      local.hold(wabaId, hold)
      await shared?.linkoHoldCalls(prefix, wabaId ?? APP, hold.baseMs, hold.askedMs).catch(() => undefined)
    },
  }
}

/** Local limiter without Redis, with a share of each account's calls. */
class LocalCalls {
  readonly #arrivals = new Map<string, number>()
  readonly #holds = new Map<string, number>()
  readonly #now: () => number

  constructor(now: () => number = () => performance.now()) {
    this.#now = now
  }

  take(account: CallAccount | null): number {
    const now = this.#now()
    const heldMs = Math.max(this.#heldMs(APP, now), account === null ? 0 : this.#heldMs(account.wabaId, now))
    if (heldMs > 0 || !account?.perHour) return Math.ceil(heldMs)
    const { intervalMs, burst } = callBucket(account.perHour * LOCAL_LIMIT_SHARE)
    const arrival = Math.max(this.#arrivals.get(account.wabaId) ?? 0, now)
    const waitMs = arrival - (burst - 1) * intervalMs - now
    if (waitMs <= 0) this.#arrivals.set(account.wabaId, arrival + intervalMs)
    return Math.max(0, Math.ceil(waitMs))
  }

  hold(wabaId: string | null, { baseMs, askedMs }: CallHold): void {
    const key = wabaId ?? APP
    const until = this.#now() + Math.max(askedMs, Math.min(baseMs, MAX_HOLD_MS))
    this.#holds.set(key, Math.max(this.#holds.get(key) ?? 0, until))
  }

  #heldMs(key: string, now: number): number {
    return Math.max(0, (this.#holds.get(key) ?? 0) - now)
  }
}

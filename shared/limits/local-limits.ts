import {
  CAMPAIGN_WAIT_MS,
  DAY_MS,
  type Decision,
  type HoldScope,
  LIMIT_NAMES,
  NUMBER_BURST,
  PAIR_BURST,
  PAIR_INTERVAL_MS,
  pairKey,
  rateFactor,
  type SendClaim,
  type Slow,
  slower,
} from './claims.ts'

/** Limit of a claim: `burst` at once, then one in `intervalMs`. */
interface Bucket {
  key: string
  intervalMs: number
  burst: number
}

/**
 * Limits of this process alone, for while Redis is away; they decide as the Redis script does. Each process uses its share of a
 * number's rate and keeps the holds that it has set itself. The messaging limit is not counted: only Redis knows who was
 * written to in the last 24 h, and Meta refuses what exceeds it.
 */
export class LocalLimits {
  /** Theoretical arrival time of the next message, by bucket. */
  readonly #arrivals = new Map<string, number>()
  readonly #holds = new Map<string, number>()
  readonly #slow = new Map<string, Slow>()
  readonly #now: () => number

  constructor(now: () => number = () => performance.now()) {
    this.#now = now
  }

  /** @param processes number of processes that share each number's rate now, this one included */
  decide(claims: readonly SendClaim[], maxWaitMs: number, processes: number): Decision[] {
    this.#forgetPast()
    const ahead = new Map<string, number>()
    return claims.map(claim => this.#decideOne(claim, maxWaitMs, Math.max(1, processes), ahead))
  }

  hold(scope: HoldScope, key: string, ms: number): void {
    const name = `${scope}:${key}`
    this.#holds.set(name, Math.max(this.#holds.get(name) ?? 0, this.#now() + ms))
  }

  slowDown(phoneNumberId: string): void {
    this.#slow.set(phoneNumberId, slower(this.#slow.get(phoneNumberId), this.#now()))
  }

  #decideOne(claim: SendClaim, maxWaitMs: number, processes: number, ahead: Map<string, number>): Decision {
    const now = this.#now()
    const heldMs = Math.max(...holdKeys(claim).map(key => (this.#holds.get(key) ?? 0) - now))
    if (heldMs > 0) return { granted: false, waitMs: Math.ceil(heldMs), limit: 'hold' }
    const buckets = bucketsOf(claim, rateFactor(this.#slow.get(claim.phoneNumberId), now), processes)
    const furthest = claim.priority === 'campaign' ? Math.min(maxWaitMs, CAMPAIGN_WAIT_MS) : maxWaitMs
    const number = buckets[RATE] as Bucket
    if (claim.leadMs > 0)
      this.#arrivals.set(
        number.key,
        Math.max(this.#arrival(number, now), now + claim.leadMs + (number.burst - 1) * number.intervalMs),
      )
    let waitMs = 0
    for (const [i, bucket] of buckets.entries()) {
      if (bucket === null) continue
      const wait = this.#arrival(bucket, now) - (bucket.burst - 1) * bucket.intervalMs - now
      if (wait > furthest) {
        const before = ahead.get(bucket.key) ?? 0
        ahead.set(bucket.key, before + 1)
        return { granted: false, waitMs: Math.ceil(wait + before * bucket.intervalMs), limit: LIMIT_NAMES[i + 1] as 'number' }
      }
      waitMs = Math.max(waitMs, wait)
    }
    for (const bucket of buckets) if (bucket) this.#arrivals.set(bucket.key, this.#arrival(bucket, now) + bucket.intervalMs)
    return { granted: true, waitMs: Math.ceil(waitMs) }
  }

  #arrival(bucket: Bucket, now: number): number {
    return Math.max(this.#arrivals.get(bucket.key) ?? 0, now)
  }

  #forgetPast(): void {
    const now = this.#now()
    for (const map of [this.#arrivals, this.#holds]) {
      if (map.size < 50_000) continue
      for (const [key, at] of map) if (at <= now) map.delete(key)
    }
  }
}

export function holdKeys({ phoneNumberId, contactKey, wabaId, priority }: SendClaim): string[] {
  const keys = ['app:app', `waba:${wabaId}`, `number:${phoneNumberId}`]
  if (contactKey !== null) keys.push(`pair:${pairKey(phoneNumberId, contactKey)}`)
  if (priority === 'campaign') keys.push(`campaign:${phoneNumberId}`)
  return keys
}

/** Position of the number's own bucket. */
const RATE = 3

/** Buckets in the order of LIMIT_NAMES after the holds. Each process may send at least one message a second. */
function bucketsOf(claim: SendClaim, factor: number, processes: number): (Bucket | null)[] {
  const rate = Math.max((claim.ratePerSecond * factor) / processes, 1)
  const share = (limit: number) => Math.max(1, Math.ceil(limit / processes))
  return [
    claim.perMinute === null
      ? null
      : { key: `m:${claim.tenantId}`, intervalMs: (60_000 * processes) / claim.perMinute, burst: share(claim.perMinute) },
    claim.perDay === null
      ? null
      : { key: `d:${claim.tenantId}`, intervalMs: (DAY_MS * processes) / claim.perDay, burst: share(claim.perDay) },
    null,
    { key: `n:${claim.phoneNumberId}`, intervalMs: 1000 / rate, burst: share(NUMBER_BURST) },
    claim.contactKey === null
      ? null
      : {
          key: `p:${pairKey(claim.phoneNumberId, claim.contactKey)}`,
          intervalMs: PAIR_INTERVAL_MS * processes,
          burst: share(PAIR_BURST),
        },
  ]
}

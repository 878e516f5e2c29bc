import { ApiError } from '#shared/domain/errors.ts'
import type { Quota } from '#shared/http/rate-limit.ts'
import { TtlCache } from '#shared/store/ttl-cache.ts'
import type { GatewayDeps } from '../deps.ts'

type Deps = Pick<GatewayDeps, 'limiter' | 'log'>

const MOST_HELD = 50_000

/**
 * Counts the tokens and keys of a network that turned out not to be valid. A network with too many of them is held: it is refused
 * before anything is read for it, and without a log line for each request. The count is shared through the rate limiter; who is
 * held, each process knows by itself from its next refusal on.
 */
export class RefusedIdentities {
  readonly #deps: Deps
  readonly #quota: Quota
  /** Until when a network is held, in ms since 1970. */
  readonly #held = new TtlCache<string, number>(MOST_HELD)
  /** Look-ups under way by network, so that requests at the same moment are bounded as well. */
  readonly #underWay = new Map<string, number>()

  constructor(deps: Deps, quota: Quota) {
    this.#deps = deps
    this.#quota = quota
  }

  /**
   * Looks up an identity of which nothing is known yet, and counts it if it is refused.
   * @param work throws ApiError 401 for a refused identity @throws ApiError 429 before the look-up, or for one too many
   */
  async lookUp<T>(network: string, work: () => Promise<T>): Promise<T> {
    this.#requireRoom(network)
    this.#underWay.set(network, this.#lookUpsOf(network) + 1)
    try {
      return await this.counting(network, work)
    } finally {
      const left = this.#lookUpsOf(network) - 1
      if (left > 0) this.#underWay.set(network, left)
      else this.#underWay.delete(network)
    }
  }

  /** Looks up an identity that is known, also for a network that is held, and counts it if it is refused. */
  async counting<T>(network: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) await this.count(network)
      throw error
    }
  }

  /** Counts a refused identity. @throws ApiError 429 for one too many */
  async count(network: string): Promise<void> {
    this.#requireFree(network)
    try {
      await this.#deps.limiter.take('refused', network, this.#quota)
    } catch (error) {
      this.#requireFree(network)
      const leftS = error instanceof ApiError ? Number(error.headers['retry-after'] ?? 1) : 1
      this.#held.set(network, Date.now() + leftS * 1000, leftS * 1000)
      this.#deps.log.warn({ network, leftS }, 'network held after too many refused identities')
      throw tooMany(leftS)
    }
  }

  /** @throws ApiError 429 for a network that is held */
  #requireFree(network: string): void {
    const until = this.#held.get(network)
    if (until !== undefined) throw tooMany(Math.ceil((until - Date.now()) / 1000))
  }

  #requireRoom(network: string): void {
    this.#requireFree(network)
    if (this.#lookUpsOf(network) >= this.#quota.count) throw tooMany(1)
  }

  #lookUpsOf(network: string): number {
    return this.#underWay.get(network) ?? 0
  }
}

const tooMany = (leftS: number) =>
  new ApiError(429, 'RATE_LIMITED', 'Too many access tokens or API keys from your network were not valid. Try again later.', {
    headers: { 'retry-after': String(Math.max(1, leftS)) },
    isUnlogged: true,
  })

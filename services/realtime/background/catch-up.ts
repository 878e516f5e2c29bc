import type { Store } from '#shared/store/connect.ts'
import { latestSeqs } from '#shared/store/events/sequence.ts'
import type { Feeds } from '../feed.ts'
import { tellPositions } from '../own-events.ts'
import type { RedisPair } from '../redis.ts'
import type { LinkoServer } from '../socket-types.ts'

export interface CatchUpDeps {
  io: LinkoServer
  store: Store
  redis: Pick<RedisPair, 'isReady'>
  feeds: Feeds
}

/** Reads events that did not reach this node from the log, and emits the position, by which clients detect a lost event. */
export class CatchUp {
  readonly #deps: CatchUpDeps
  #wasRedisAway = false

  constructor(deps: CatchUpDeps) {
    this.#deps = deps
  }

  /** Closes feeds without sockets, catches up and emits the positions. @throws Outage */
  async emitPositions(): Promise<void> {
    const { feeds } = this.#deps
    for (const tenantId of feeds.tenants()) if (!this.#hasSockets(tenantId)) feeds.close(tenantId)
    await this.#catchUp()
    this.#emitPositions()
  }

  /**
   * Catches up while Redis is away, because other nodes' events then arrive by the log alone, and once more when Redis is
   * back, because the counters are a moment behind the events. @throws Outage
   */
  async withoutRedis(): Promise<void> {
    const isAway = !this.#deps.redis.isReady()
    const hasChanged = isAway !== this.#wasRedisAway
    const isBehind = isAway || this.#wasRedisAway
    this.#wasRedisAway = isAway
    if (isBehind) await this.#catchUp()
    if (hasChanged) this.#emitPositions()
  }

  /** Catches up after a reconnect of Redis: events that other nodes published meanwhile did not arrive. @throws Outage */
  async afterReconnect(): Promise<void> {
    this.#wasRedisAway = true
    await this.emitPositions()
  }

  async #catchUp(): Promise<void> {
    const { store, feeds } = this.#deps
    const tenants = feeds.tenants()
    if (tenants.length === 0) return
    const latest = await latestSeqs(store, tenants)
    const isBehind = (tenantId: string) => (latest.get(tenantId) ?? 0) > (feeds.position(tenantId) ?? Infinity)
    for (const tenantId of tenants.filter(isBehind)) await feeds.catchUp(tenantId)
  }

  #emitPositions(): void {
    const { io, feeds, redis } = this.#deps
    const stale = !redis.isReady()
    for (const tenantId of feeds.tenants()) {
      tellPositions(io, tenantId)
      io.local.to(`tenant:${tenantId}`).emit('tick', { seq: feeds.position(tenantId) ?? 0, stale })
    }
  }

  #hasSockets(tenantId: string): boolean {
    return (this.#deps.io.of('/').adapter.rooms.get(`tenant:${tenantId}`)?.size ?? 0) > 0
  }
}

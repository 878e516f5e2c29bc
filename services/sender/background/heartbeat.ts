import type { Store } from '#shared/store/connect.ts'
import { beat, endBeat, liveOwners } from '#shared/store/leases.ts'

/** The kind of the senders' heartbeats among all heartbeats. */
export const SENDER = 'sender'

/** How long a heartbeat counts. */
const TTL_MS = 6000

/** This sender's heartbeat. Messages of a sender without one count as abandoned, so it must begin before the first take. */
export class SenderHeartbeat {
  readonly #store: Store
  readonly #owner: string
  #liveSenders = 1
  /** When the last heartbeat runs out at the earliest, by `performance.now()`, which goes on while a process is frozen. */
  #aliveUntil = 0

  constructor(store: Store, owner: string) {
    this.#store = store
    this.#owner = owner
  }

  /** Number of senders that were alive at the last heartbeat, this one included. */
  liveSenders = (): number => this.#liveSenders

  /** Whether the others still count this sender among the living: otherwise its messages may be in other hands. */
  isAlive = (): boolean => performance.now() < this.#aliveUntil

  async renew(): Promise<void> {
    const startedAt = performance.now()
    await beat(this.#store, SENDER, this.#owner, TTL_MS)
    this.#aliveUntil = startedAt + TTL_MS
    this.#liveSenders = Math.max(1, (await liveOwners(this.#store, SENDER)).length)
  }

  async end(): Promise<void> {
    await endBeat(this.#store, SENDER, this.#owner).catch(() => undefined)
  }
}

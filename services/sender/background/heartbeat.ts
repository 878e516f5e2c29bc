import type { Store } from '#shared/store/connect.ts'
import { beat, endBeat, liveOwners } from '#shared/store/leases.ts'

/** The kind of the senders' heartbeats among all heartbeats. */
export const SENDER = 'sender'

/** This sender's heartbeat. Messages of a sender without one count as abandoned, so it must begin before the first take. */
export class SenderHeartbeat {
  readonly #store: Store
  readonly #owner: string
  #liveSenders = 1

  constructor(store: Store, owner: string) {
    this.#store = store
    this.#owner = owner
  }

  /** Number of senders that were alive at the last heartbeat, this one included. */
  liveSenders = (): number => this.#liveSenders

  async renew(): Promise<void> {
    await beat(this.#store, SENDER, this.#owner)
    this.#liveSenders = Math.max(1, (await liveOwners(this.#store, SENDER)).length)
  }

  async end(): Promise<void> {
    await endBeat(this.#store, SENDER, this.#owner).catch(() => undefined)
  }
}

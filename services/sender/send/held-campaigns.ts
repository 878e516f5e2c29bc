import { findHeldCampaigns } from '#shared/store/campaigns/queries.ts'
import type { Store } from '#shared/store/connect.ts'
import { TtlCache } from '#shared/store/ttl-cache.ts'

/** So that a pause is heard within a second, its calls in hand included. */
const KEPT_MS = 400

export interface HeldCampaigns {
  /** Which of these may send nothing now: paused or ended. @throws Outage */
  findHeld(ids: readonly string[]): Promise<ReadonlySet<string>>
}

export function createHeldCampaigns(store: Store): HeldCampaigns {
  const cache = new TtlCache<string, boolean>(5000)
  return {
    async findHeld(ids) {
      const wanted = [...new Set(ids)]
      const asked = wanted.filter(id => cache.get(id) === undefined)
      const held = asked.length > 0 ? await findHeldCampaigns(store, asked) : new Set<string>()
      const states = new Map(wanted.map(id => [id, cache.get(id) ?? held.has(id)]))
      for (const id of asked) cache.set(id, held.has(id), KEPT_MS)
      return new Set(wanted.filter(id => states.get(id)))
    },
  }
}

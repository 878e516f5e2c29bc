import { findHeldCampaigns } from '#shared/store/campaigns/queries.ts'
import type { Store } from '#shared/store/connect.ts'
import { TtlCache } from '#shared/store/ttl-cache.ts'

/** Short, so that a pause takes effect within a second, the calls in flight included. */
const CACHE_MS = 400

export interface HeldCampaigns {
  /** The campaigns among these that may send nothing now, because they are paused or have ended. @throws Outage */
  findHeld(ids: readonly string[]): Promise<ReadonlySet<string>>
}

export function createHeldCampaigns(store: Store): HeldCampaigns {
  const cache = new TtlCache<string, boolean>(5000)
  return {
    async findHeld(ids) {
      const unique = [...new Set(ids)]
      const missing = unique.filter(id => cache.get(id) === undefined)
      const held = missing.length > 0 ? await findHeldCampaigns(store, missing) : new Set<string>()
      const states = new Map(unique.map(id => [id, cache.get(id) ?? held.has(id)]))
      for (const id of missing) cache.set(id, held.has(id), CACHE_MS)
      return new Set(unique.filter(id => states.get(id)))
    },
  }
}

import { type CampaignState, findCampaignStates } from '#shared/store/campaigns/queries.ts'
import type { Store } from '#shared/store/connect.ts'
import { TtlCache } from '#shared/store/ttl-cache.ts'

/** Short, so that a pause takes effect within a second, the calls in flight included. */
const CACHE_MS = 400
/** Longer than a call lasts. */
const SEEN_MS = 600_000
const CAPACITY = 5000

export interface HeldCampaigns {
  /** The campaigns among these that may send nothing now, because they are paused or have ended. @throws Outage */
  findHeld(ids: readonly string[]): Promise<ReadonlySet<string>>
  /** When the campaign was last resumed, as far as this process has seen; null: never, or it has not looked. */
  resumedAt(id: string): Date | null
}

export function createHeldCampaigns(store: Store): HeldCampaigns {
  const cache = new TtlCache<string, boolean>(CAPACITY)
  const resumed = new TtlCache<string, Date>(CAPACITY)
  const keep = (id: string, state: CampaignState | undefined) => {
    cache.set(id, state?.isHeld ?? false, CACHE_MS)
    if (state?.resumedAt) resumed.set(id, state.resumedAt, SEEN_MS)
  }
  return {
    async findHeld(ids) {
      const unique = [...new Set(ids)]
      const known = new Map(unique.map(id => [id, cache.get(id)]))
      const missing = unique.filter(id => known.get(id) === undefined)
      const states = missing.length > 0 ? await findCampaignStates(store, missing) : new Map<string, CampaignState>()
      for (const id of missing) keep(id, states.get(id))
      return new Set(unique.filter(id => known.get(id) ?? states.get(id)?.isHeld))
    },
    resumedAt: id => resumed.get(id) ?? null,
  }
}

import { type CampaignState, findCampaignStates } from '#shared/store/campaigns/queries.ts'
import type { Store } from '#shared/store/connect.ts'
import { TtlCache } from '#shared/store/ttl-cache.ts'

/** Short, so that a pause takes effect well within a second, also on a busy machine. */
const CACHE_MS = 200
/** Longer than a call lasts. */
const SEEN_MS = 600_000
const CAPACITY = 5000

export interface HeldCampaigns {
  /** The campaigns among these that may send nothing now, because they are paused or have ended. @throws Outage */
  findHeld(ids: readonly string[]): Promise<ReadonlySet<string>>
  /** Whether the campaign was held when this process last looked: asked just before a call, of what was admitted earlier. */
  isHeld(id: string): boolean
  /** When the campaign was last resumed, as far as this process has seen; null: never, or it has not looked. */
  resumedAt(id: string): Date | null
}

export function createHeldCampaigns(store: Store): HeldCampaigns {
  const fresh = new TtlCache<string, true>(CAPACITY)
  const seen = new TtlCache<string, CampaignState>(CAPACITY)

  async function refresh(ids: readonly string[]): Promise<void> {
    const states = await findCampaignStates(store, ids)
    for (const id of ids) {
      fresh.set(id, true, CACHE_MS)
      seen.set(id, states.get(id) ?? UNKNOWN, SEEN_MS)
    }
  }

  const isHeld = (id: string) => seen.get(id)?.isHeld === true
  return {
    async findHeld(ids) {
      const unique = [...new Set(ids)]
      const stale = unique.filter(id => !fresh.get(id))
      if (stale.length > 0) await refresh(stale)
      return new Set(unique.filter(isHeld))
    },
    isHeld,
    resumedAt: id => seen.get(id)?.resumedAt ?? null,
  }
}

/** Of a campaign that does not exist: its messages go out. */
const UNKNOWN: CampaignState = { isHeld: false, resumedAt: null }

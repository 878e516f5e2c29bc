import type { ClientDoc } from '../../model/documents.ts'
import type { Store } from '../connect.ts'
import { perStore } from '../per-store.ts'
import { ReadCache } from '../read-cache.ts'

/** Short, so that a change in another process, such as a suspension, takes effect within a second. */
const KEPT_MS = 1000

/** The answers of `cached-clients.ts`. Numbers change rarely, so a change of one clears them all. */
export const clientCacheOf = perStore<ReadCache<ClientDoc | null>, Store>(
  () => new ReadCache({ capacity: 10_000, ttlMs: KEPT_MS }),
)

import type { Logger } from '#shared/process/logger.ts'
import type { Queue } from '#shared/queue/types.ts'
import type { ServerClock } from '#shared/store/clock.ts'
import type { Store } from '#shared/store/connect.ts'
import { findUnpublished } from '#shared/store/dispatch/sweeps.ts'
import type { Publishing } from '../publishing.ts'

const BATCH = 500
/** The realtime service numbers events within moments: one without `seq` after this time was not published. */
const UNPUBLISHED_MS = 5000

interface Deps {
  store: Store
  queue: Queue
  publishing: Publishing
  clock: ServerClock
  log: Logger
}

/**
 * Publishes events again whose first publish was lost. A repeated event has no further effect; one that comes behind newer events
 * of its conversation shows it as it is when it is numbered. @throws Outage
 */
export async function republishEvents(deps: Deps): Promise<void> {
  if (!deps.queue.isReady()) return
  const rows = await findUnpublished(deps.store, new Date(deps.clock.now().getTime() - UNPUBLISHED_MS), BATCH)
  if (rows.length === 0) return
  await deps.publishing.publish(rows)
  await deps.publishing.settled()
  deps.log.info({ count: rows.length }, 'events republished')
}

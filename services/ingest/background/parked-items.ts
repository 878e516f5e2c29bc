import type { Logger } from '#shared/process/logger.ts'
import { parkedDropped } from '#shared/process/metrics.ts'
import type { Store } from '#shared/store/connect.ts'
import { dropParked } from '#shared/store/webhooks/sweep-parked.ts'

const PARKED_MS = 24 * 3_600_000
const BATCH = 500

/** Drops statuses, reactions and edits whose message did not arrive within a day. @throws Outage */
export async function dropParkedItems({ store, log, now }: { store: Store; log: Logger; now(): Date }): Promise<void> {
  const before = new Date(now().getTime() - PARKED_MS)
  for (let dropped = BATCH; dropped === BATCH; ) {
    dropped = await dropParked(store, before, BATCH)
    parkedDropped.inc(dropped)
    if (dropped > 0) log.warn({ dropped }, 'parked items dropped')
  }
}

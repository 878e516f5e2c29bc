import { deadLettersOpen } from '#shared/process/metrics.ts'
import type { Store } from '#shared/store/connect.ts'
import { countOpenDeadLetters as countByQueue } from '#shared/store/webhooks/dead-letter-moves.ts'

/** Sets the gauge of open dead letters. The count covers all tenants, so every recorder reports the same. @throws Outage */
export async function countOpenDeadLetters({ store }: { store: Store }): Promise<void> {
  const open = await countByQueue(store)
  deadLettersOpen.reset()
  for (const [queue, count] of open) deadLettersOpen.set({ queue }, count)
}

import { countForReports } from '#services/gateway/analytics/count.ts'
import { realtimeEventOf } from '#shared/model/realtime-event.ts'
import { createLogger } from '#shared/process/logger.ts'
import type { EventPublisher } from '#shared/queue/publish-events.ts'
import type { Store } from '#shared/store/connect.ts'
import { assignSeq, raiseCounters } from '#shared/store/events/sequence.ts'

/** Events are left to those who number them. */
const events: EventPublisher = { publish: async () => undefined, settled: async () => undefined }
const log = createLogger('test', 'silent')

/** Numbers the events that wait, as the realtime process does. */
export async function numberEvents(store: Store): Promise<void> {
  const rows = await store.raw.events.find({ seq: null }).sort({ createdAt: 1, _id: 1 }).toArray()
  const numbered = await assignSeq(store, rows.map(realtimeEventOf))
  const last = new Map<string, number>()
  for (const { tenantId, seq } of numbered) last.set(tenantId, Math.max(seq, last.get(tenantId) ?? 0))
  await raiseCounters(store, last)
}

/** Rounds of counting until nothing is left. @returns how much was counted */
export async function countAll(store: Store, now: () => Date = () => new Date()): Promise<number> {
  let total = 0
  for (let counted = -1; counted !== 0; total += counted) counted = await countForReports({ store, events, log, now })
  return total
}

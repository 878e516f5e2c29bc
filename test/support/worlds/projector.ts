import { recordItems } from '#services/ingest/recorder/record.ts'
import { DUPLICATE } from '#shared/fold/verdict.ts'
import type { EventDoc } from '#shared/model/documents.ts'
import type { Store } from '#shared/store/connect.ts'
import { clearProjected, findUnprojected } from '#shared/store/recording/projection-marks.ts'
import { LostRace } from '#shared/store/transaction.ts'

/** The recorder's part for worlds without one, and for tests that do not wait for it: one round at a time. */
export function createProjector(store: Store, publish: (events: EventDoc[]) => Promise<void> = async () => undefined) {
  let last: Promise<void> = Promise.resolve()
  const round = async () => publish(await projectAll(store))
  /** Shows every message that waits for it in its conversation. */
  return function project(): Promise<void> {
    last = last.then(round, round)
    return last
  }
}

/** A transaction may still read a row as it was before the mark that the search saw: then one more round. */
async function projectAll(store: Store): Promise<EventDoc[]> {
  const far = new Date(Date.now() + 365 * 86_400_000)
  const waiting = await findUnprojected(store, far, 1000)
  if (waiting.length === 0) return []
  const items = waiting.map(({ _id, tenantId }) => ({ kind: 'projection' as const, messageId: _id, tenantId }))
  const { events, outcomes, projected } = await untilFirst(() => recordItems(store, items, { isSuspect: true }))
  await clearProjected(store, projected)
  return outcomes.includes(DUPLICATE.outcome) ? [...events, ...(await projectAll(store))] : events
}

/** Others write conversations too: the recorder tries again, and so does this. */
async function untilFirst<T>(work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof LostRace)) throw error
    }
  }
}

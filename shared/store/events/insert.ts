import type { EventDoc } from '../../model/documents.ts'
import type { Store } from '../connect.ts'
import type { Session } from '../transaction.ts'

/** Inserts the events of a change in its transaction. The caller publishes them after the commit; else the sweep does. */
export async function insertEvents(store: Store, events: EventDoc[], session: Session): Promise<void> {
  if (events.length > 0) await store.raw.events.insertMany(events, { session })
}

import type { EventDoc } from '../../model/documents.ts'
import type { Store } from '../connect.ts'
import type { Session } from '../transaction.ts'

/** Events of a change, written with it; published after the commit, or by the sweep. */
export async function insertEvents(store: Store, events: EventDoc[], session: Session): Promise<void> {
  await store.models.events.insertMany(events, { session })
}

import { asUpdate, ready } from '../../domain/messages/dispatch.ts'
import type { EventDoc, MessageDoc } from '../../model/documents.ts'
import { messageScheduled } from '../../views/events.ts'
import type { Store } from '../connect.ts'
import { STILL_SCHEDULED } from '../inbox/scheduled.ts'
import { BY_ID } from './outcome-writes.ts'

/**
 * Releases scheduled messages that are due: they become READY, and the recorder shows them in their conversations. In one
 * transaction with their events, because a message may be changed or cancelled until its release and not later. @throws Outage
 */
export async function releaseScheduled(
  store: Store,
  due: readonly Pick<MessageDoc, '_id' | 'tenantId'>[],
  now: Date,
): Promise<{ rows: MessageDoc[]; events: EventDoc[] }> {
  if (due.length === 0) return { rows: [], events: [] }
  return await store.transaction(async session => {
    const dueRows = { _id: { $in: due.map(({ _id }) => _id) }, tenantId: { $in: due.map(({ tenantId }) => tenantId) } }
    const filter = { ...dueRows, ...STILL_SCHEDULED, 'dispatch.nextStepAt': { $lte: now } }
    const rows = await store.raw.messages.find(filter, { session, hint: BY_ID }).sort({ _id: 1 }).toArray()
    if (rows.length === 0) return { rows, events: [] }
    await store.raw.messages.updateMany(
      { ...dueRows, _id: { $in: rows.map(({ _id }) => _id) } },
      { $set: { ...asUpdate(ready(now)), unprojectedSince: now, updatedAt: now } },
      { session, hint: BY_ID },
    )
    const events = rows.map(row => messageScheduled(row, 'released', now))
    await store.raw.events.insertMany(events, { session })
    return { rows, events }
  })
}

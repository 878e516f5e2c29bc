import { DROPPED, PARKED } from '../../model/batch-plan.ts'
import type { Store } from '../connect.ts'
import { orOutage } from '../outage.ts'

/**
 * Drops items that were parked before `before`: their webhook events get the reason DROPPED. A later copy is applied if its message
 * has come by then. Not restricted to a tenant, because a parked item has none. @returns how many, at most `limit`. @throws Outage
 */
export async function dropParked({ raw }: Store, before: Date, limit: number): Promise<number> {
  const options = { projection: { _id: 1 }, limit } as const
  const rows = await orOutage(raw.parkedItems.find({ createdAt: { $lt: before } }, options).toArray())
  if (rows.length === 0) return 0
  const ids = { $in: rows.map(row => row._id) }
  // The event first: after a crash in between the parked item is found again.
  await orOutage(raw.webhookEvents.updateMany({ _id: ids, status: 'IGNORED', reason: PARKED }, { $set: { reason: DROPPED } }))
  const { deletedCount } = await orOutage(raw.parkedItems.deleteMany({ _id: ids, createdAt: { $lt: before } }))
  return deletedCount
}

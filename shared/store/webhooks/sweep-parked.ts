import { DROPPED, PARKED } from '../../model/batch-plan.ts'
import type { Store } from '../connect.ts'
import { orOutage } from '../outage.ts'

/**
 * What waited for its message since before `before` waits no longer: its event says so, and a later copy changes nothing.
 * Platform-wide, for a parked row knows no tenant. @returns how many, `limit` at most @throws Outage
 */
export async function dropParked({ raw }: Store, before: Date, limit: number): Promise<number> {
  const options = { projection: { _id: 1 }, limit } as const
  const rows = await orOutage(raw.parkedItems.find({ createdAt: { $lt: before } }, options).toArray())
  if (rows.length === 0) return 0
  const ids = { $in: rows.map(row => row._id) }
  // The event first: whoever stops in between finds the row once more.
  await orOutage(raw.webhookEvents.updateMany({ _id: ids, status: 'IGNORED', reason: PARKED }, { $set: { reason: DROPPED } }))
  const { deletedCount } = await orOutage(raw.parkedItems.deleteMany({ _id: ids, createdAt: { $lt: before } }))
  return deletedCount
}

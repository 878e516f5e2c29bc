import type { Plan } from '../../model/batch-plan.ts'
import type { MessageDoc, UnprojectedMessage } from '../../model/documents.ts'
import type { Store } from '../connect.ts'
import { orOutage } from '../outage.ts'

/** Without a mark the sweep passes a message by. One that changed meanwhile keeps its mark, which is newer. @throws Outage */
export async function clearProjected({ raw }: Store, projected: Plan['projected']): Promise<void> {
  if (projected.length === 0) return
  const operations = projected.map(({ _id, tenantId, unprojectedSince }) => ({
    updateOne: {
      filter: { _id, tenantId, unprojectedSince },
      update: { $unset: { unprojectedSince: 1 as const, isUncounted: 1 as const } },
      hint: { _id: 1 as const },
    },
  }))
  await orOutage(raw.messages.bulkWrite(operations, { ordered: false }))
}

const POSTPONED_MS = 60 * 60 * 1000

/** A message whose projection fails is tried again in an hour, so that it does not hold up its shard over and over. */
export async function postponeProjection(
  { raw }: Store,
  { messageId: _id, tenantId }: { messageId: MessageDoc['_id']; tenantId: MessageDoc['tenantId'] },
): Promise<void> {
  const unprojectedSince = new Date(Date.now() + POSTPONED_MS)
  await orOutage(raw.messages.updateOne({ _id, tenantId, unprojectedSince: { $exists: true } }, { $set: { unprojectedSince } }))
}

/** Messages that have waited for their conversations since before `before`, the oldest first. @throws Outage */
export async function findUnprojected({ raw }: Store, before: Date, limit: number): Promise<UnprojectedMessage[]> {
  const rows = raw.messages.find({ unprojectedSince: { $lt: before } }, { projection: FIELDS, hint: 'unprojected' })
  return await orOutage(rows.sort({ unprojectedSince: 1 }).limit(limit).toArray())
}

const FIELDS = { tenantId: 1, phoneNumberId: 1, contactKey: 1 } as const

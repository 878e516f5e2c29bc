import type { BatchKeys } from '../../model/batch-plan.ts'
import type { ParkedItemDoc } from '../../model/documents.ts'
import type { Store } from '../connect.ts'
import { orOutage } from '../outage.ts'
import { oneOf } from './ways.ts'

/**
 * Parked items whose message is stored: parked by this batch while a sender stored the wamid, or parked earlier by another
 * process for a message of this batch. A snapshot does not show concurrent writes; every process writes before it reads, so at
 * least one of them finds the other's row.
 * @param keys of the batch: messages are found by its tenants and their wamids, never by wamids alone
 * @throws Outage
 */
export async function findMatched({ raw }: Store, keys: BatchKeys, parked: readonly ParkedItemDoc[]): Promise<ParkedItemDoc[]> {
  const { newWamids, tenantIds } = keys
  const waiting = newWamids.length === 0 ? [] : raw.parkedItems.find({ wamid: { $in: newWamids } }).toArray()
  const [parkedBefore, here] = await orOutage(Promise.all([waiting, findStored(raw, tenantIds, parked)]))
  return [...parkedBefore, ...parked.filter(row => here.has(row.wamid))]
}

/** Which of the parked items' messages are stored. The index alone answers. */
async function findStored(
  raw: Store['raw'],
  tenantIds: BatchKeys['tenantIds'],
  parked: readonly ParkedItemDoc[],
): Promise<Set<string | null>> {
  if (parked.length === 0 || tenantIds.length === 0) return new Set()
  const filter = { tenantId: oneOf(tenantIds), wamid: { $in: parked.map(row => row.wamid) } }
  const rows = await raw.messages.find(filter, { projection: { _id: 0, wamid: 1 } }).toArray()
  return new Set(rows.map(({ wamid }) => wamid))
}

import type { ParkedItemDoc } from '../../model/documents.ts'
import type { Store } from '../connect.ts'
import { orOutage } from '../outage.ts'

/**
 * Parked items whose message is stored: parked by this batch while a sender stored the wamid, or parked earlier by another
 * process for a message of this batch. A snapshot does not show concurrent writes; every process writes before it reads, so at
 * least one of them finds the other's row. @throws Outage
 */
export async function findMatched(
  { raw }: Store,
  newWamids: string[],
  parked: readonly ParkedItemDoc[],
): Promise<ParkedItemDoc[]> {
  const waiting = newWamids.length === 0 ? [] : raw.parkedItems.find({ wamid: { $in: newWamids } }).toArray()
  const here =
    parked.length === 0
      ? []
      : raw.messages.find({ wamid: { $in: parked.map(row => row.wamid) } }, { projection: { wamid: 1 } }).toArray()
  const [parkedBefore, messages] = await orOutage(Promise.all([waiting, here]))
  const wamids = new Set(messages.map(row => row.wamid))
  return [...parkedBefore, ...parked.filter(row => wamids.has(row.wamid))]
}

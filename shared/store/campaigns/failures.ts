import type { CampaignDoc, MessageDoc } from '../../model/documents.ts'
import type { Store } from '../connect.ts'
import { orOutage } from '../outage.ts'

/** A reason for which messages of a campaign failed. */
export interface CampaignFailure {
  /** The error of one of them: its texts are those of all with this code, but for Meta's details. */
  error: NonNullable<MessageDoc['error']>
  count: number
}

/** Reasons that a page can show; Meta has about a hundred codes. */
const MOST = 200
const LIMIT_MS = 10_000

/** Failed messages of a campaign by their reason, the most frequent first. Reads only the failed ones. @throws Outage */
export async function failuresOf(
  store: Store,
  { tenantId, _id }: Pick<CampaignDoc, 'tenantId' | '_id'>,
): Promise<CampaignFailure[]> {
  const stages = [
    { $match: { tenantId, campaignId: _id, status: 'FAILED' } },
    { $group: { _id: { code: '$error.code', sentence: '$error.sentence' }, error: { $first: '$error' }, count: { $sum: 1 } } },
    { $match: { error: { $type: 'object' } } },
    { $sort: { count: -1, _id: 1 } },
    { $limit: MOST },
  ]
  const found = store.raw.messages.aggregate<CampaignFailure>(stages, { hint: 'tenant_campaign', maxTimeMS: LIMIT_MS })
  return await orOutage(found.toArray())
}

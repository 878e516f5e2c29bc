import type { CampaignDoc, EventDoc } from '../../model/documents.ts'
import { campaignProgress } from '../../views/events.ts'
import type { Store } from '../connect.ts'

/**
 * Changes a campaign for a background job and writes `campaign:progress` with it. @returns the event; null when the campaign's
 * state is not the one that was read
 */
export async function stepCampaign(
  store: Store,
  campaign: CampaignDoc,
  set: Partial<CampaignDoc>,
  now: Date,
): Promise<EventDoc | null> {
  return await store.transaction(async session => {
    // A campaign that was paused and resumed meanwhile is RUNNING as before: what was judged of it is outdated all the same.
    const { _id, tenantId, status, endedAt, resumedAt = null } = campaign
    const filter = { _id, tenantId, status, endedAt, resumedAt }
    const update = { $set: { ...set, updatedAt: now } }
    const after = await store.raw.campaigns.findOneAndUpdate(filter, update, { session, returnDocument: 'after' })
    if (after === null) return null
    const event = campaignProgress(after, now)
    await store.raw.events.insertOne(event, { session })
    return event
  })
}

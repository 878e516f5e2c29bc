import type { CampaignDoc, EventDoc } from '../../model/documents.ts'
import { campaignProgress } from '../../views/events.ts'
import type { Store } from '../connect.ts'

/** A step that the loop itself takes, from the state in which it found the campaign; with its event. Null when that changed. */
export async function stepCampaign(
  store: Store,
  campaign: CampaignDoc,
  set: Partial<CampaignDoc>,
  now: Date,
): Promise<EventDoc | null> {
  return await store.transaction(async session => {
    const filter = { _id: campaign._id, tenantId: campaign.tenantId, status: campaign.status, endedAt: campaign.endedAt }
    const update = { $set: { ...set, updatedAt: now } }
    const after = await store.raw.campaigns.findOneAndUpdate(filter, update, { session, returnDocument: 'after' })
    if (after === null) return null
    const event = campaignProgress(after, now)
    await store.raw.events.insertOne(event, { session })
    return event
  })
}

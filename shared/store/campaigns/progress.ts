import type { CampaignDoc, EventDoc } from '../../model/documents.ts'
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
    const event = progressEvent(after, now)
    await store.raw.events.insertOne(event, { session })
    return event
  })
}

/** How far a campaign is, for the sockets of its tenant. */
export function progressEvent(campaign: CampaignDoc, at: Date): EventDoc {
  return {
    _id: `p:${campaign._id}:${campaign.status}:${at.getTime()}`,
    tenantId: campaign.tenantId,
    name: 'campaign:progress',
    at,
    clientId: campaign.clientId,
    conversationId: null,
    userId: null,
    payload: { campaignId: String(campaign._id), status: campaign.status.toLowerCase(), counts: countsOf(campaign) },
    createdAt: at,
  }
}

/** The funnel: recipients, and what became of them. */
export const countsOf = ({ audience, released, skipped, counts }: CampaignDoc) => ({
  recipients: audience.recipients,
  pending: Math.max(0, audience.recipients - released - skipped),
  skipped,
  ...counts,
})

import type { DescribedError } from '#shared/domain/messages/send-errors.ts'
import type { CampaignDoc, MessageDoc } from '#shared/model/documents.ts'
import type { Logger } from '#shared/process/logger.ts'
import { stepCampaign } from '#shared/store/campaigns/progress.ts'
import { findRunning } from '#shared/store/campaigns/queries.ts'
import type { ServerClock } from '#shared/store/clock.ts'
import type { Store } from '#shared/store/connect.ts'
import { LEASE_MS } from '#shared/store/dispatch/take.ts'
import type { Publishing } from '../publishing.ts'

export interface StopDeps {
  store: Store
  publishing: Publishing
  clock: ServerClock
  log: Logger
}

/**
 * Pauses the campaign of a message whose template Meta refuses: it would refuse the other messages too. A message that was taken
 * before the campaign was last resumed does not pause it again.
 */
export function createCampaignStop({ store, publishing, clock, log }: StopDeps) {
  return async function stopCampaign({ campaignId, tenantId, dispatch }: MessageDoc, error: DescribedError): Promise<void> {
    if (!campaignId) return
    const campaign = await findRunning(store, tenantId, campaignId)
    if (campaign === null || isOlder(dispatch, campaign)) return
    const statusReason = `${error.sentence} ${error.nextStep}`
    const event = await stepCampaign(store, campaign, { status: 'PAUSED', statusReason }, clock.now())
    if (event === null) return
    log.warn({ campaignId: String(campaignId), tenantId: String(tenantId), code: error.code }, 'campaign paused')
    await publishing.publish([event])
  }
}
export type StopCampaign = ReturnType<typeof createCampaignStop>

const isOlder = (dispatch: MessageDoc['dispatch'], { resumedAt }: CampaignDoc) =>
  resumedAt != null && dispatch?.leaseUntil != null && dispatch.leaseUntil.getTime() - LEASE_MS < resumedAt.getTime()

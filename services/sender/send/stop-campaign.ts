import type { DescribedError } from '#shared/domain/messages/send-errors.ts'
import type { MessageDoc } from '#shared/model/documents.ts'
import type { Logger } from '#shared/process/logger.ts'
import { stepCampaign } from '#shared/store/campaigns/progress.ts'
import { findRunning } from '#shared/store/campaigns/queries.ts'
import type { ServerClock } from '#shared/store/clock.ts'
import type { Store } from '#shared/store/connect.ts'
import type { Publishing } from '../publishing.ts'

export interface StopDeps {
  store: Store
  publishing: Publishing
  clock: ServerClock
  log: Logger
}

/**
 * Pauses the campaign of a message whose template Meta refuses: it would refuse the other messages too. A call that began before
 * this process saw the campaign's last resume does not pause it again. No clocks are compared: the one of the gateway, which writes
 * `resumedAt`, may be wrong.
 * @param resumedAt when the campaign was last resumed, as known at the start of the call
 */
export function createCampaignStop({ store, publishing, clock, log }: StopDeps) {
  return async function stopCampaign(message: StoppingMessage, resumedAt: Date | null, error: DescribedError): Promise<void> {
    const { campaignId, tenantId } = message
    if (!campaignId) return
    const campaign = await findRunning(store, tenantId, campaignId)
    if (campaign === null || campaign.resumedAt?.getTime() !== resumedAt?.getTime()) return
    const statusReason = `${error.sentence} ${error.nextStep}`
    const statusReasonKey = { key: 'template-refused' as const, parameters: { code: String(error.code) } }
    const event = await stepCampaign(store, campaign, { status: 'PAUSED', statusReason, statusReasonKey }, clock.now())
    if (event === null) return
    log.warn({ campaignId: String(campaignId), tenantId: String(tenantId), code: error.code }, 'campaign paused')
    await publishing.publish([event])
  }
}
export type StopCampaign = ReturnType<typeof createCampaignStop>

type StoppingMessage = Pick<MessageDoc, 'campaignId' | 'tenantId'>

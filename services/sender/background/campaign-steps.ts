import type { CampaignDoc } from '#shared/model/documents.ts'
import type { Logger } from '#shared/process/logger.ts'
import { deleteAudienceFiles } from '#shared/storage/audience-files.ts'
import type { ObjectStorage } from '#shared/storage/object-storage.ts'
import { countOutcomes } from '#shared/store/campaigns/campaigns.ts'
import { stepCampaign } from '#shared/store/campaigns/progress.ts'
import { findCampaignsIn, findLeftOver } from '#shared/store/campaigns/queries.ts'
import type { ServerClock } from '#shared/store/clock.ts'
import type { Store } from '#shared/store/connect.ts'
import { settleOne } from '#shared/store/dispatch/sweeps.ts'
import type { Publishing } from '../publishing.ts'
import { failedWithoutCall } from '../send/settle.ts'

export interface CampaignDeps {
  store: Store
  publishing: Publishing
  storage: Pick<ObjectStorage, 'delete' | 'list'>
  clock: ServerClock
  log: Logger
}

/** Messages of a cancelled campaign that are failed in one run. */
const CANCEL_BATCH = 500

/** Starts scheduled campaigns whose time has come. @throws Outage */
export async function beginCampaigns(deps: CampaignDeps): Promise<void> {
  const now = deps.clock.now()
  for (const campaign of await findCampaignsIn(deps.store, ['SCHEDULED']))
    if (campaign.startAt !== null && campaign.startAt <= now) await step(deps, campaign, { status: 'RUNNING', startedAt: now })
}

/** Fails the unsent messages of cancelled campaigns, and ends those without any. @returns how many campaigns. @throws Outage */
export async function endCancelledCampaigns(deps: CampaignDeps): Promise<number> {
  const cancelled = await findCampaignsIn(deps.store, ['CANCELLED'])
  for (const campaign of cancelled) await endCancelled(deps, campaign)
  return cancelled.length
}

async function endCancelled(deps: CampaignDeps, campaign: CampaignDoc): Promise<void> {
  const { store, clock, publishing } = deps
  const rows = await findLeftOver(store, campaign, CANCEL_BATCH)
  for (const row of rows) {
    const events = await settleOne(store, failedWithoutCall(row, 'cancelled', clock.now()))
    if (events === null) continue
    await publishing.publish(events)
    publishing.project([row])
  }
  if (rows.length < CANCEL_BATCH)
    await step(deps, campaign, { endedAt: clock.now(), counts: await countOutcomes(store, campaign) })
}

/** The lists of a campaign that has ended. What is left of an error, a daily job deletes. */
async function deleteFiles({ storage, log }: CampaignDeps, campaign: CampaignDoc): Promise<void> {
  await deleteAudienceFiles(storage, campaign).catch(error =>
    log.warn({ err: error, campaignId: String(campaign._id) }, 'audience files left to the sweep'),
  )
}

/** Writes a change of a campaign, and publishes its event. @throws Outage */
export async function step(deps: CampaignDeps, campaign: CampaignDoc, set: Partial<CampaignDoc>): Promise<void> {
  const event = await stepCampaign(deps.store, campaign, set, deps.clock.now())
  if (event) await deps.publishing.publish([event])
  if (event && set.endedAt) await deleteFiles(deps, campaign)
  if (!set.status) return
  const campaignId = String(campaign._id)
  deps.log.info({ campaignId, status: set.status, reason: set.statusReason }, 'campaign status changed')
}

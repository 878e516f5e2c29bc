import type { CampaignDoc } from '#shared/model/documents.ts'
import { countOutcomes } from '#shared/store/campaigns/campaigns.ts'
import { findCampaignsIn } from '#shared/store/campaigns/queries.ts'
import type { CampaignAllowances } from './campaign-allowances.ts'
import { type CampaignDeps, step } from './campaign-steps.ts'

export interface ProgressDeps extends CampaignDeps {
  allowances: CampaignAllowances
}

type Counts = CampaignDoc['counts']

interface Report {
  /** The reported state as text, to detect a change. */
  text: string
  nextAt: number
}

/** Counting reads a campaign's whole index, so it may take at most 1/20 of the time. */
const COUNTING_SHARE = 20
const PROGRESS_MS = 1000

/** Reports the progress of campaigns, and ends those that are done or past their end time. */
export class CampaignProgress {
  readonly #deps: ProgressDeps
  readonly #reports = new Map<string, Report>()

  constructor(deps: ProgressDeps) {
    this.#deps = deps
  }

  /** @returns how many campaigns run or pause. @throws Outage */
  async report(): Promise<number> {
    const campaigns = await findCampaignsIn(this.#deps.store, ['RUNNING', 'PAUSED'])
    this.#keepOnly(new Set(campaigns.map(({ _id }) => String(_id))))
    for (const campaign of campaigns) if (this.#isDue(campaign)) await this.#reportOne(campaign)
    return campaigns.length
  }

  #keepOnly(campaignIds: ReadonlySet<string>): void {
    for (const id of this.#reports.keys()) if (!campaignIds.has(id)) this.#reports.delete(id)
    this.#deps.allowances.keepOnly(campaignIds)
  }

  #isDue({ _id }: CampaignDoc): boolean {
    return (this.#reports.get(String(_id))?.nextAt ?? 0) <= performance.now()
  }

  async #reportOne(campaign: CampaignDoc): Promise<void> {
    const { store, clock } = this.#deps
    const startedAt = performance.now()
    const now = clock.now()
    if (campaign.endsAt !== null && campaign.endsAt <= now)
      return await step(this.#deps, campaign, {
        status: 'CANCELLED',
        statusReason: 'The end time of the campaign has passed.',
        statusReasonKey: { key: 'end-time-passed', parameters: {} },
      })
    const counts = await countOutcomes(store, campaign)
    if (isDone(campaign, counts)) return await step(this.#deps, campaign, { status: 'DONE', endedAt: now, counts })
    const text = textOf(campaign, counts)
    const before = this.#reports.get(String(campaign._id))?.text ?? textOf(campaign, campaign.counts)
    if (text !== before) await step(this.#deps, campaign, { counts })
    const tookMs = performance.now() - startedAt
    const nextAt = performance.now() + Math.max(PROGRESS_MS, tookMs * COUNTING_SHARE)
    this.#reports.set(String(campaign._id), { text, nextAt })
  }
}

const isDone = ({ status, releasedRow, audience }: CampaignDoc, counts: Counts) =>
  status === 'RUNNING' && releasedRow >= audience.read && counts.queued === 0

const textOf = ({ status, released, skipped }: CampaignDoc, counts: Counts) => JSON.stringify([status, released, skipped, counts])

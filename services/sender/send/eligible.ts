import type { SendJob } from '#shared/contracts/send-job.ts'
import { later } from '#shared/domain/later.ts'
import type { Priority } from '#shared/domain/messages/priority.ts'
import { type Head, mayBeTaken } from '#shared/store/dispatch/standing.ts'
import { type Postponement, PREDECESSOR_RECHECK_MS } from '#shared/store/dispatch/take.ts'
import type { HeldCampaigns } from './held-campaigns.ts'

/** One round of send jobs. */
export interface Round {
  now: Date
  /** Collects the messages that must wait in their rows. */
  postponed: Postponement[]
}

/** A message of a paused campaign is looked at again after this time. */
export const CAMPAIGN_RECHECK_MS = 5000

/** Postpones messages of paused and ended campaigns, and checks them again later. @returns the other jobs. @throws Outage */
export async function postponePausedCampaigns(campaigns: HeldCampaigns, jobs: SendJob[], round: Round): Promise<SendJob[]> {
  const paused = await campaigns.findHeld(jobs.flatMap(({ campaignId }) => campaignId ?? []))
  if (paused.size === 0) return jobs
  const isHeld = ({ campaignId }: SendJob) => campaignId !== null && paused.has(campaignId)
  const nextStepAt = later(round.now, CAMPAIGN_RECHECK_MS)
  round.postponed.push(...jobs.filter(isHeld).map(job => ({ job, reason: 'paused' as const, nextStepAt })))
  return jobs.filter(job => !isHeld(job))
}

/**
 * Postpones messages with an unfinished predecessor in their conversation; drops jobs for messages that are done or taken.
 * @param heads the earliest unfinished message of each conversation
 * @returns the other jobs
 */
export function postponeSuccessors(
  jobs: SendJob[],
  heads: ReadonlyMap<string, Head>,
  priority: Priority,
  round: Round,
): SendJob[] {
  const { now, postponed } = round
  return jobs.filter(job => {
    const head = heads.get(job.conversationId)
    if (head === undefined) return priority === 'campaign'
    if (head.messageId === job.messageId) return mayBeTaken(head, now)
    postponed.push({ job, reason: 'predecessor', nextStepAt: later(now, PREDECESSOR_RECHECK_MS) })
    return false
  })
}

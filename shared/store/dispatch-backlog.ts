import type { Lane } from '../domain/callback-data.ts'
import type { Store } from './connect.ts'
import type { CampaignStatus, Dispatch, Id } from './documents.ts'
import { orOutage } from './outage.ts'

/** What waits to be sent, by the index alone: the rows are not read. All of it throws Outage. */

export interface BacklogGroup {
  phoneNumberId: string
  lane: Lane
  /** Of WAITING its reason, else the state in other words. */
  reason: string
  count: number
  oldestAt: Date
  /** There are more; this many were counted, the next due first. */
  isCapped: boolean
}

const STATES = ['READY', 'TAKEN', 'WAITING', 'UNKNOWN'] as const satisfies Dispatch['state'][]
const REASONS: Record<Dispatch['state'], string> = { READY: 'ready', TAKEN: 'in_flight', WAITING: 'rate', UNKNOWN: 'unknown' }

/** Of a number and a state: beyond, nobody needs to know how many it is. */
export const COUNTED_PER_STATE = 50_000

/** Of one number, at most `cap` of each state. @param tenantId whose rows: a number may have had another owner */
export async function countBacklog(
  store: Store,
  { phoneNumberId, tenantId }: { phoneNumberId: string; tenantId: Id },
  cap = COUNTED_PER_STATE,
): Promise<BacklogGroup[]> {
  const groups = await Promise.all(STATES.map(state => countState(store, state, { phoneNumberId, tenantId }, cap)))
  return groups.flat()
}

/** The same over the whole platform, for a gauge. */
export async function countAllBacklog(store: Store, cap = COUNTED_PER_STATE): Promise<BacklogGroup[]> {
  const groups = await Promise.all(STATES.map(state => countState(store, state, {}, cap)))
  return groups.flat()
}

async function countState(
  store: Store,
  state: Dispatch['state'],
  whose: { phoneNumberId?: string; tenantId?: Id },
  cap: number,
): Promise<BacklogGroup[]> {
  type Row = { _id: { lane: Lane; reason: string | null }; count: number; oldestAt: Date }
  const stages = [
    { $match: { 'dispatch.state': state, ...whose } },
    { $limit: cap },
    {
      $group: {
        _id: { lane: '$dispatch.lane', reason: '$dispatch.reason' },
        count: { $sum: 1 },
        oldestAt: { $min: '$createdAt' },
      },
    },
  ]
  const rows = await orOutage(store.raw.messages.aggregate<Row>(stages, { hint: 'dispatch_due' }).toArray())
  const isCapped = rows.reduce((sum, { count }) => sum + count, 0) >= cap
  return rows.map(({ _id, count, oldestAt }) => ({
    phoneNumberId: whose.phoneNumberId ?? '',
    lane: _id.lane,
    reason: (state === 'WAITING' && _id.reason) || REASONS[state],
    count,
    oldestAt,
    isCapped,
  }))
}

/** Numbers with anything unfinished, over all tenants. */
export async function numbersInBacklog(store: Store): Promise<string[]> {
  const found = await Promise.all(
    STATES.map(state => orOutage(store.raw.messages.distinct('phoneNumberId', { 'dispatch.state': state }))),
  )
  return [...new Set(found.flat())].toSorted()
}

/** Recipients whose message is still to be made, by number: of running campaigns, of paused and of scheduled ones. */
export interface CampaignBacklog {
  phoneNumberId: string
  tenantId: Id
  reason: 'audience' | 'paused' | 'scheduled'
  count: number
  since: Date
}

const CAMPAIGN_REASONS: Partial<Record<CampaignStatus, CampaignBacklog['reason']>> = {
  RUNNING: 'audience',
  PAUSED: 'paused',
  SCHEDULED: 'scheduled',
}

/** @param tenantId null for all */
export async function campaignBacklog(store: Store, tenantId: Id | null): Promise<CampaignBacklog[]> {
  const statuses = Object.keys(CAMPAIGN_REASONS) as CampaignStatus[]
  const filter = { ...(tenantId && { tenantId }), status: { $in: statuses }, deletedAt: null }
  const projection = {
    tenantId: 1,
    phoneNumberId: 1,
    status: 1,
    audience: 1,
    released: 1,
    skipped: 1,
    startedAt: 1,
    createdAt: 1,
  }
  const rows = await orOutage(store.raw.campaigns.find(filter, { projection }).toArray())
  return rows.flatMap(({ tenantId, phoneNumberId, status, audience, released, skipped, startedAt, createdAt }) => {
    const count = audience.recipients - released - skipped
    const reason = CAMPAIGN_REASONS[status] as CampaignBacklog['reason']
    return count > 0 ? [{ tenantId, phoneNumberId, reason, count, since: startedAt ?? createdAt }] : []
  })
}

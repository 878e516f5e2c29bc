import { DISPATCH_STATES, inState } from '../../domain/messages/dispatch.ts'
import type { Priority } from '../../domain/messages/priority.ts'
import type { CampaignDoc, CampaignStatus, Dispatch, Id } from '../../model/documents.ts'
import type { Store } from '../connect.ts'
import { orOutage } from '../outage.ts'

/** Counts of messages that wait to be sent, from the index alone without reading rows. Every function throws Outage. */

export interface BacklogGroup {
  phoneNumberId: string
  priority: Priority
  /** Reason of WAITING messages; for other states `ready`, `in_flight` or `unknown`. */
  reason: string
  count: number
  oldestAt: Date
  /**
   * False when only the next due rows were grouped and `count` is estimated from them, or when there are more than were counted.
   */
  isExact: boolean
}

const REASONS: Record<Dispatch['state'], string> = { READY: 'ready', TAKEN: 'in_flight', WAITING: 'rate', UNKNOWN: 'unknown' }

/** Bounds for counting the messages of one number and state. */
export interface CountBounds {
  /** Number of next due messages that are grouped by priority and reason. */
  grouped: number
  /** Number of messages up to which the total is counted. */
  counted: number
}
export const BOUNDS: CountBounds = { grouped: 20_000, counted: 1_000_000 }

/** The backlog of one number. @param tenantId restricts to this tenant: the number may have belonged to another one before */
export async function countBacklog(
  store: Store,
  { phoneNumberId, tenantId }: { phoneNumberId: string; tenantId: Id },
  bounds = BOUNDS,
): Promise<BacklogGroup[]> {
  const groups = await Promise.all(DISPATCH_STATES.map(state => countState(store, state, { phoneNumberId, tenantId }, bounds)))
  return groups.flat()
}

/** The backlog of the whole platform, for a gauge. */
export async function countAllBacklog(store: Store, bounds = BOUNDS): Promise<BacklogGroup[]> {
  const groups = await Promise.all(DISPATCH_STATES.map(state => countState(store, state, {}, bounds)))
  return groups.flat()
}

async function countState(
  store: Store,
  state: Dispatch['state'],
  scope: { phoneNumberId?: string; tenantId?: Id },
  { grouped, counted }: CountBounds,
): Promise<BacklogGroup[]> {
  type Row = { _id: { priority: Priority; reason: string | null }; count: number; oldestAt: Date }
  const stages = [
    { $match: { ...inState(state), ...scope } },
    { $limit: grouped },
    {
      $group: {
        _id: { priority: '$dispatch.priority', reason: '$dispatch.reason' },
        count: { $sum: 1 },
        oldestAt: { $min: '$createdAt' },
      },
    },
  ]
  const rows = await orOutage(store.raw.messages.aggregate<Row>(stages, { hint: 'dispatch_due' }).toArray())
  const seen = rows.reduce((sum, { count }) => sum + count, 0)
  const total = seen < grouped ? seen : await countKeys(store, state, scope.phoneNumberId, counted)
  return rows.map(({ _id, count, oldestAt }) => ({
    phoneNumberId: scope.phoneNumberId ?? '',
    priority: _id.priority,
    reason: (state === 'WAITING' && _id.reason) || REASONS[state],
    count: Math.round((count * Math.max(total, seen)) / seen),
    oldestAt,
    isExact: seen < grouped,
  }))
}

/** Counts index keys without reading rows, a million in about 250 ms. Cannot filter by tenant. */
async function countKeys(
  store: Store,
  state: Dispatch['state'],
  phoneNumberId: string | undefined,
  limit: number,
): Promise<number> {
  const filter = { ...inState(state), ...(phoneNumberId && { phoneNumberId }) }
  return await orOutage(store.raw.messages.countDocuments(filter, { limit, hint: 'dispatch_due' }))
}

/** Phone number ids with unfinished messages, over all tenants. */
export async function numbersInBacklog(store: Store): Promise<string[]> {
  const found = await Promise.all(
    DISPATCH_STATES.map(state => orOutage(store.raw.messages.distinct('phoneNumberId', inState(state)))),
  )
  return [...new Set(found.flat())].toSorted()
}

/** Recipients of one campaign that are not released yet. The reason follows from its status: running, paused or scheduled. */
export interface CampaignBacklog extends Pick<CampaignDoc, '_id' | 'name' | 'perMinute' | 'template'> {
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

/** Campaigns with recipients that are not released yet. @param tenantId null for all tenants */
export async function campaignBacklog(store: Store, tenantId: Id | null): Promise<CampaignBacklog[]> {
  const statuses = Object.keys(CAMPAIGN_REASONS) as CampaignStatus[]
  const filter = { ...(tenantId && { tenantId }), status: { $in: statuses }, deletedAt: null }
  const projection = {
    tenantId: 1,
    phoneNumberId: 1,
    name: 1,
    template: 1,
    perMinute: 1,
    status: 1,
    audience: 1,
    released: 1,
    skipped: 1,
    startedAt: 1,
    createdAt: 1,
  }
  const rows = await orOutage(store.raw.campaigns.find(filter, { projection }).toArray())
  return rows.flatMap(row => {
    const { _id, tenantId, phoneNumberId, name, template, perMinute } = row
    const count = row.audience.recipients - row.released - row.skipped
    const reason = CAMPAIGN_REASONS[row.status] as CampaignBacklog['reason']
    const since = row.startedAt ?? row.createdAt
    return count > 0 ? [{ _id, tenantId, phoneNumberId, name, template, perMinute, reason, count, since }] : []
  })
}

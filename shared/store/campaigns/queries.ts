import type { FileOwner } from '../../domain/campaigns/audience-file.ts'
import { inState, inStates } from '../../domain/messages/dispatch.ts'
import type { CampaignDoc, CampaignStatus, Id, MessageDoc } from '../../model/documents.ts'
import { toId } from '../../model/ids.ts'
import type { Store } from '../connect.ts'
import { orOutage } from '../outage.ts'

/** Queries of the sender's campaign jobs, over all tenants. Every function throws Outage. */

/** What the sender has to know of a campaign before a message of it goes out. */
export interface CampaignState {
  /** Not running: its messages must wait. */
  isHeld: boolean
  /** When it was last resumed. */
  resumedAt: Date | null
}

/** The states of the given campaigns, by id; without those that do not exist. */
export async function findCampaignStates(store: Store, ids: readonly string[]): Promise<Map<string, CampaignState>> {
  const filter = { _id: { $in: ids.map(toId) } }
  const rows = await orOutage(store.raw.campaigns.find(filter, { projection: { status: 1, resumedAt: 1 } }).toArray())
  return new Map(rows.map(row => [String(row._id), { isHeld: row.status !== 'RUNNING', resumedAt: row.resumedAt ?? null }]))
}

/** The campaign, or null when it is not running. */
export async function findRunning(store: Store, tenantId: Id, _id: Id): Promise<CampaignDoc | null> {
  return await orOutage(store.raw.campaigns.findOne({ _id, tenantId, status: 'RUNNING', deletedAt: null }))
}

export async function findCampaignsIn(store: Store, statuses: CampaignStatus[]): Promise<CampaignDoc[]> {
  const filter = { status: { $in: statuses }, endedAt: null, deletedAt: null }
  return await orOutage(store.raw.campaigns.find(filter).sort({ _id: 1 }).toArray())
}

/** Number of campaign messages of a number that are READY, or due by `until`: later ones do not use the number's rate. */
export async function countUnderWay(store: Store, phoneNumberId: string, until: Date, limit: number): Promise<number> {
  const priority = { phoneNumberId, 'dispatch.priority': 'campaign' as const }
  const [ready, waiting] = await Promise.all([
    store.raw.messages.countDocuments({ ...priority, ...inState('READY') }, { limit, hint: 'dispatch_due' }),
    store.raw.messages.countDocuments(
      { ...priority, ...inState('WAITING'), 'dispatch.nextStepAt': { $lte: until } },
      { limit, hint: 'dispatch_due' },
    ),
  ]).catch(error => orOutage(Promise.reject(error)))
  return ready + waiting
}

/**
 * Number of campaign messages, up to `limit`, that wait longer than the number's own rate: due after `after`, because the limit
 * of a day or of the portfolio is used up or Meta holds the account. @throws Outage
 */
export async function countHeldBack(store: Store, phoneNumberId: string, after: Date, limit: number): Promise<number> {
  const waiting = { phoneNumberId, ...inState('WAITING'), 'dispatch.nextStepAt': { $gt: after } }
  const held = {
    ...waiting,
    'dispatch.priority': 'campaign' as const,
    'dispatch.reason': { $in: ['quota' as const, 'rate' as const] },
  }
  return await orOutage(store.raw.messages.countDocuments(held, { limit, hint: 'dispatch_due' }))
}

/** Unfinished messages of a campaign that has ended, which must be ended too. */
export async function findLeftOver(store: Store, { tenantId, _id }: CampaignDoc, limit: number): Promise<MessageDoc[]> {
  const filter = {
    tenantId,
    campaignId: _id,
    status: 'QUEUED' as const,
    ...inStates('READY', 'WAITING'),
  }
  return await orOutage(store.raw.messages.find(filter, { hint: 'tenant_campaign' }).limit(limit).toArray())
}

/** What decides whether the audience files of campaigns are still needed, by id; also of deleted ones. */
export async function findFileOwners(store: Store, tenantId: Id, ids: readonly string[]): Promise<Map<string, FileOwner>> {
  const projection = { deletedAt: 1, endedAt: 1, 'audience.generation': 1 } as const
  const rows = store.raw.campaigns.find<FileOwner & { _id: Id }>({ tenantId, _id: { $in: ids.map(toId) } }, { projection })
  return new Map((await orOutage(rows.toArray())).map(row => [String(row._id), row]))
}

import type { ClientSession, HydratedDocument } from 'mongoose'
import { type CampaignAction, statesFor } from '../../domain/campaigns/campaign.ts'
import { ApiError, notFound } from '../../domain/errors.ts'
import type { CampaignDoc, CampaignSource, Id, MessageDoc, RecipientDoc, TemplateDoc } from '../../model/documents.ts'
import { toId } from '../../model/ids.ts'
import type { Timed } from '../../views/status-times.ts'
import { type Store, trusted } from '../connect.ts'
import { orOutage } from '../outage.ts'
import { COUNT_LIMIT, findPage, type Page, type PageRequest } from '../pages.ts'
import type { Alongside } from '../transaction.ts'

type Key = Id | string

/** @throws ApiError 404 for unknown, deleted and other tenants' campaigns alike */
export async function getCampaign(store: Store, tenantId: Key, id: Key): Promise<CampaignDoc> {
  const campaign = await store.models.campaigns.findOne({ tenantId, _id: id, deletedAt: null }).lean()
  if (campaign === null) throw notFound('Campaign')
  return campaign
}

/** The campaign with this id, also when it is deleted. */
export async function findCampaign(store: Store, tenantId: Key, id: Key): Promise<CampaignDoc | null> {
  return await store.models.campaigns.findOne({ tenantId, _id: id }).lean()
}

/** Campaigns of a tenant, newest first. */
export async function listCampaigns(
  store: Store,
  tenantId: Key,
  { status }: { status?: CampaignDoc['status'] | undefined },
  page: PageRequest,
): Promise<Page<CampaignDoc>> {
  return await findPage<CampaignDoc>(
    store.models.campaigns,
    { tenantId, deletedAt: null, ...(status && { status }) },
    'createdAt',
    page,
  )
}

export async function createCampaign(
  store: Store,
  campaign: Partial<CampaignDoc>,
  alongside?: Alongside<CampaignDoc>,
): Promise<CampaignDoc> {
  return await store.transaction(async session => {
    const [created] = await store.models.campaigns.create([campaign], { session })
    const row = (created as HydratedDocument<CampaignDoc>).toObject()
    await alongside?.(row, session)
    return row
  })
}

/** Scheduled and running campaigns of a template, at most 10: they are named in the refusal to delete it. */
export async function findCampaignsOf(
  store: Store,
  { tenantId, _id }: Pick<TemplateDoc, 'tenantId' | '_id'>,
): Promise<Pick<CampaignDoc, '_id' | 'name' | 'status'>[]> {
  const status = trusted({ $in: ['SCHEDULED', 'RUNNING'] as CampaignDoc['status'][] })
  const filter = { tenantId, status, 'template.id': _id, deletedAt: null }
  return await store.models.campaigns.find(filter, { name: 1, status: 1 }).limit(10).lean()
}

/**
 * Changes a campaign if its state allows the action, in one statement, so that of two concurrent callers only one succeeds.
 * @throws ApiError 404, 409 CAMPAIGN_STATE
 */
export async function moveCampaign(
  store: Store,
  { tenantId, _id }: Pick<CampaignDoc, 'tenantId' | '_id'>,
  action: CampaignAction,
  set: Partial<CampaignDoc> | Record<string, unknown>,
  session?: ClientSession,
): Promise<CampaignDoc> {
  const filter = { tenantId, _id, deletedAt: null, status: trusted({ $in: [...statesFor(action)] }) }
  const moved = await store.models.campaigns
    .findOneAndUpdate(filter, { $set: set }, { returnDocument: 'after', session: session ?? null })
    .lean()
  if (moved) return moved
  const { status } = await getCampaign(store, tenantId, _id)
  throw stateForbids(status, action)
}

/**
 * A generation for a new audience that no other audience of the campaign has or will have, not even one that is given at the same
 * time: its file and its recipients are named by it. @throws ApiError 404
 */
export async function claimGeneration(store: Store, { tenantId, _id }: CampaignDoc): Promise<number> {
  const next = { $add: [{ $max: ['$audienceClaims', '$audience.generation', 0] }, 1] }
  const claimed = await store.models.campaigns
    .findOneAndUpdate({ tenantId, _id, deletedAt: null }, [{ $set: { audienceClaims: next } }], {
      updatePipeline: true,
      returnDocument: 'after',
    })
    .lean()
  if (claimed === null) throw notFound('Campaign')
  return claimed.audienceClaims as number
}

/**
 * Replaces the audience of a draft: it is checked in the background, and its counts start at 0.
 * @param generation claimed before @throws ApiError 404; 409 CAMPAIGN_STATE, AUDIENCE_REPLACED when a later one was given meanwhile
 */
export async function replaceAudience(
  store: Store,
  campaign: CampaignDoc,
  { source, generation, bytes = 0 }: { source: CampaignSource; generation: number; bytes?: number },
  now: Date,
): Promise<CampaignDoc> {
  const { tenantId, _id } = campaign
  const audience: CampaignDoc['audience'] = { ...EMPTY_AUDIENCE, source, state: 'CHECKING', generation, bytes, since: now }
  const filter = { tenantId, _id, deletedAt: null, status: trusted({ $in: [...statesFor('edit')] }) }
  const replaced = await store.models.campaigns
    .findOneAndUpdate(
      { ...filter, 'audience.generation': trusted({ $lt: generation }) },
      { $set: { audience } },
      { returnDocument: 'after' },
    )
    .lean()
  if (replaced) return replaced
  const { status } = await getCampaign(store, tenantId, _id)
  if (!statesFor('edit').includes(status)) throw stateForbids(status, 'edit')
  throw new ApiError(409, 'AUDIENCE_REPLACED', 'Another audience was given at the same time. Check it, or give yours again.')
}

const stateForbids = (status: CampaignDoc['status'], action: CampaignAction) =>
  new ApiError(409, 'CAMPAIGN_STATE', `A campaign in the state ${status} does not allow the action "${action}".`)

export const EMPTY_AUDIENCE: CampaignDoc['audience'] = {
  source: null,
  state: 'EMPTY',
  problem: null,
  problemKey: null,
  generation: 0,
  bytes: 0,
  read: 0,
  position: null,
  since: null,
  until: null,
  invalid: 0,
  duplicate: 0,
  optedOut: 0,
  recipients: 0,
  countries: {},
}

/** A recipient with the state of its message; null before the release and for skipped ones. */
export interface RecipientRow extends RecipientDoc {
  message: MessageRow | null
}
type MessageRow = Timed & Pick<MessageDoc, '_id' | 'idempotencyKey' | 'error' | 'wamid'>

export interface RecipientFilter {
  state?: 'pending' | 'skipped' | 'queued' | 'sent' | 'delivered' | 'read' | 'failed' | undefined
}

const MESSAGE_STATES = new Set(['queued', 'sent', 'delivered', 'read', 'failed'])

/** Recipients in the order of the audience; filtered by a state of their message, in the order of the messages' ids. */
export async function listRecipients(
  store: Store,
  campaign: CampaignDoc,
  { state }: RecipientFilter,
  { after, limit }: { after: string | null; limit: number },
): Promise<RecipientRow[]> {
  const { tenantId } = campaign
  if (state !== undefined && MESSAGE_STATES.has(state)) {
    const filter = { ...sentIn(campaign, state), ...(after && { _id: trusted({ $gt: toId(after) }) }) }
    const messages = await store.models.messages.find(filter, MESSAGE_FIELDS).sort({ _id: 1 }).limit(limit).lean<MessageRow[]>()
    const ids = messages.map(({ idempotencyKey }) => recipientOf(idempotencyKey ?? ''))
    const rows = (await store.models.campaignRecipients
      .find({ tenantId, _id: trusted({ $in: ids }) } as object)
      .lean()) as RecipientDoc[]
    const byId = new Map(rows.map(row => [row._id, row]))
    return messages.flatMap(message => {
      const row = byId.get(recipientOf(message.idempotencyKey ?? ''))
      return row ? [{ ...row, message }] : []
    })
  }
  const found = await store.models.campaignRecipients
    .find(rowsIn(campaign, state, after))
    .sort({ _id: 1 })
    .limit(limit)
    .lean()
  const rows = found as RecipientDoc[]
  const ids = rows.flatMap(({ messageId }) => messageId ?? [])
  const named = { tenantId, _id: trusted({ $in: ids }) }
  const messages = await store.models.messages.find(named, MESSAGE_FIELDS).lean<MessageRow[]>()
  const byId = new Map(messages.map(message => [String(message._id), message]))
  return rows.map(row => ({ ...row, message: (row.messageId && byId.get(String(row.messageId))) || null }))
}

/** Number of recipients that `listRecipients` has for the filter, counted up to `COUNT_LIMIT`. */
export async function countRecipients(
  store: Store,
  campaign: CampaignDoc,
  { state }: RecipientFilter,
): Promise<{ total: number; totalIsExact: boolean }> {
  const counted = await countRows(store, campaign, state)
  return { total: Math.min(counted, COUNT_LIMIT), totalIsExact: counted <= COUNT_LIMIT }
}

async function countRows(store: Store, campaign: CampaignDoc, state: RecipientFilter['state']): Promise<number> {
  const { messages, campaignRecipients } = store.models
  const options = { limit: COUNT_LIMIT + 1 }
  // No index covers pending recipients: their number is the rest.
  if (state === 'pending') return Math.max(0, campaign.audience.recipients - campaign.released - campaign.skipped)
  if (state !== undefined && MESSAGE_STATES.has(state)) return await messages.countDocuments(sentIn(campaign, state), options)
  return await campaignRecipients.countDocuments(rowsIn(campaign, state, null), options)
}

const sentIn = ({ tenantId, _id: campaignId }: CampaignDoc, state: string) => ({
  tenantId,
  campaignId,
  status: state.toUpperCase() as 'SENT',
})

function rowsIn({ tenantId, _id: campaignId, audience }: CampaignDoc, state: string | undefined, after: string | null): object {
  const prefix = recipientPrefix(campaignId, audience.generation)
  return {
    tenantId,
    ...(state && { campaignId, state: state.toUpperCase() }),
    _id: trusted({ $gt: after ?? prefix, $lt: `${prefix}~` }),
  }
}

/** Projection of messages: of the timeline only the fields that `statusTimes` reads, so that a page of 1,000 rows stays small. */
const MESSAGE_FIELDS: Record<string, 1> = {
  status: 1,
  error: 1,
  statusUpdatedAt: 1,
  createdAt: 1,
  wamid: 1,
  idempotencyKey: 1,
  'timeline.kind': 1,
  'timeline.at': 1,
  'timeline.status': 1,
  'timeline.outcome': 1,
  'timeline.detail': 1,
}

/** Idempotency key of a recipient's message: at most one message for each recipient. */
export const recipientKey = (recipientId: string) => `campaign:${recipientId}`
const recipientOf = (idempotencyKey: string) => idempotencyKey.slice('campaign:'.length)

export const recipientPrefix = (campaignId: Key, generation: number) => `${campaignId}:${generation}:`
export const recipientId = (campaignId: Key, generation: number, row: number) =>
  `${recipientPrefix(campaignId, generation)}${String(row).padStart(8, '0')}`

/** Messages of a campaign by status, counted in the campaign's index. @throws Outage */
export async function countOutcomes(
  store: Store,
  campaign: Pick<CampaignDoc, 'tenantId' | '_id'>,
): Promise<CampaignDoc['counts']> {
  const count = (status: string) =>
    store.raw.messages.countDocuments(
      { tenantId: campaign.tenantId, campaignId: campaign._id, status: status as 'SENT' },
      { hint: 'tenant_campaign' },
    )
  const states = ['QUEUED', 'SENT', 'DELIVERED', 'READ', 'FAILED']
  const [queued, sent, delivered, read, failed] = await orOutage(Promise.all(states.map(count)))
  return { queued: queued ?? 0, sent: sent ?? 0, delivered: delivered ?? 0, read: read ?? 0, failed: failed ?? 0 }
}

/** Number of people who answered a campaign within a week. */
export async function countReplies(store: Store, { tenantId, _id }: Pick<CampaignDoc, 'tenantId' | '_id'>): Promise<number> {
  return await orOutage(
    store.raw.conversations.countDocuments({ tenantId, campaignReplies: _id }, { hint: 'tenant_campaign_replies' }),
  )
}

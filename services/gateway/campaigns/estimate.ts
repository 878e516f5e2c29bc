import { z } from 'zod'
import { estimate } from '#shared/domain/campaigns/campaign.ts'
import { ApiError, notFound } from '#shared/domain/errors.ts'
import { dayIn } from '#shared/domain/prices/price-table.ts'
import { sentenceKey } from '#shared/domain/sentence.ts'
import type { LimitUsage } from '#shared/limits/usage.ts'
import type { CampaignDoc, ClientDoc, TenantDoc } from '#shared/model/documents.ts'
import { toId } from '#shared/model/ids.ts'
import { getTenant } from '#shared/store/accounts/tenants.ts'
import { type CampaignBacklog, campaignBacklog } from '#shared/store/dispatch/backlog.ts'
import { listClients } from '#shared/store/numbers/clients.ts'
import type { GatewayDeps } from '../deps.ts'
import { campaignFlow, ratesOf, usageOf } from '../limits/rates.ts'

/** Estimate of a campaign: recipients, cost, duration and use of the messaging limit. */
export const EstimateView = z.object({
  recipients: z.number().int(),
  left: z.object({ invalid: z.number().int(), duplicate: z.number().int(), optedOut: z.number().int() }),
  /** Maximum cost: messages that turn out free inside an open service window cannot be known in advance. */
  cost: z.object({
    amount: z.number(),
    currency: z.string(),
    parts: z.array(z.object({ category: z.string(), country: z.string(), count: z.number().int(), amount: z.number() })),
  }),
  /** What Meta bills at most; `unknown` counts recipients in countries whose rate is not known. */
  metaCost: z.object({ amount: z.number(), currency: z.string(), unknown: z.number().int() }),
  /** Initial rate, beside the account's other campaigns. */
  messagesPerSecond: z.number(),
  durationSeconds: z.number().int(),
  /** Recipients still waiting in other campaigns of the same number, which are sent at the same time. */
  ahead: z.number().int(),
  /** Recipients still waiting in campaigns of the account's other numbers, which share its limits and the portfolio's. */
  aheadElsewhere: z.number().int(),
  startsAt: z.iso.datetime(),
  finishesAt: z.iso.datetime(),
  /** Messaging limit of the portfolio: contacts its numbers may write to first in 24 h; `share` is recipients by limit. */
  messagingLimit: z
    .object({ limit: z.number().int(), used: z.number().int().nullable(), share: z.number(), exceeded: z.boolean() })
    .nullable(),
})
export type EstimateView = z.infer<typeof EstimateView>

/** Recipients of an audience and those left out, as counted by the background check. */
export type AudienceCount = Pick<CampaignDoc['audience'], 'recipients' | 'countries' | 'invalid' | 'duplicate' | 'optedOut'>
/** Fields of a campaign that an estimate needs; `_id` is null for one that is not stored. */
export type Estimated = Pick<CampaignDoc, 'tenantId' | 'clientId' | 'template' | 'perMinute' | 'startAt'> & {
  _id: CampaignDoc['_id'] | null
}

/** Estimate from the counts of the background check, at constant cost. @throws ApiError 409 AUDIENCE_… before the check is done */
export async function estimateCampaign(deps: GatewayDeps, campaign: CampaignDoc): Promise<EstimateView> {
  requireAudience(campaign)
  return await estimateFor(deps, campaign, campaign.audience)
}

/** Cost, duration and messaging-limit use of a campaign, beside what else the account sends. @throws ApiError 404 */
export async function estimateFor(deps: GatewayDeps, campaign: Estimated, audience: AudienceCount): Promise<EstimateView> {
  const { store } = deps
  const { _id, tenantId, clientId } = campaign
  const [tenant, clients, waiting] = await Promise.all([
    getTenant(store, tenantId),
    listClients(store, tenantId),
    campaignBacklog(store, toId(tenantId)),
  ])
  const client = clients.find(one => String(one._id) === String(clientId))
  if (client === undefined) throw notFound('Number')
  const others = waiting.filter(other => String(other._id) !== String(_id))
  const usage = await usageOf(deps, tenant, [client])
  const now = deps.now()
  const estimated = estimate(inputOf(campaign, audience, { tenant, client, clients, others, usage, now }))
  const ahead = sumOf(others.filter(({ phoneNumberId }) => phoneNumberId === client.phoneNumberId))
  const startsAt = Math.max(now.getTime(), campaign.startAt?.getTime() ?? 0)
  return {
    ...estimated,
    left: { invalid: audience.invalid, duplicate: audience.duplicate, optedOut: audience.optedOut },
    ahead,
    aheadElsewhere: sumOf(others) - ahead,
    startsAt: new Date(startsAt).toISOString(),
    finishesAt: new Date(startsAt + estimated.durationSeconds * 1000).toISOString(),
  }
}

const sumOf = (campaigns: readonly CampaignBacklog[]) => campaigns.reduce((sum, { count }) => sum + count, 0)

interface ReferenceData {
  tenant: TenantDoc
  client: ClientDoc
  clients: readonly ClientDoc[]
  others: readonly CampaignBacklog[]
  usage: LimitUsage | null
  now: Date
}

function inputOf(
  campaign: Estimated,
  { recipients, countries }: AudienceCount,
  { tenant, client, clients, others, usage, now }: ReferenceData,
): Parameters<typeof estimate>[0] {
  // Throttling by Meta lasts minutes, so it is left out of the rates.
  const rates = ratesOf(clients, tenant, null)
  const beside = (phoneNumberId: string) => others.filter(other => other.phoneNumberId === phoneNumberId).length
  const flows = others.flatMap(other => {
    const its = clients.find(({ phoneNumberId }) => phoneNumberId === other.phoneNumberId)
    const isShared = other.phoneNumberId === client.phoneNumberId
    return its ? [campaignFlow(other, its, rates, beside(its.phoneNumberId) + (isShared ? 1 : 0))] : []
  })
  const perDay = tenant.limits?.messagesPerDay ?? null
  return {
    recipients,
    countries,
    category: campaign.template.category,
    prices: tenant.settings.prices,
    metaRates: tenant.settings.metaRates ?? null,
    day: dayIn(tenant.settings.timezone, campaign.startAt ?? now),
    currency: tenant.settings.currency,
    own: campaignFlow({ ...campaign, count: recipients }, client, rates, beside(client.phoneNumberId) + 1),
    others: flows,
    rates,
    perDay: perDay === null ? null : { limit: perDay, used: usage?.perDay ?? 0 },
    messagingLimit: client.messagingLimit,
    messagingUsed: usage?.numbers.get(client.phoneNumberId)?.messagingUsed ?? null,
  }
}

/** Requires a checked audience. @throws ApiError 409 AUDIENCE_NOT_CHECKED, AUDIENCE_EMPTY, AUDIENCE_FAILED */
export function requireAudience({ audience }: CampaignDoc): void {
  if (audience.state === 'READY') return
  if (audience.state === 'CHECKING')
    throw new ApiError(409, 'AUDIENCE_NOT_CHECKED', `The audience is still being checked: ${audience.read} rows so far.`, {
      headers: { 'retry-after': '2' },
    })
  const detail =
    audience.state === 'EMPTY' ? 'The campaign has no audience yet.' : (audience.problem ?? 'The audience cannot be read.')
  const detailKey = audience.state === 'FAILED' && audience.problemKey ? sentenceKey(audience.problemKey) : undefined
  throw new ApiError(409, audience.state === 'EMPTY' ? 'AUDIENCE_EMPTY' : 'AUDIENCE_FAILED', detail, { detailKey })
}

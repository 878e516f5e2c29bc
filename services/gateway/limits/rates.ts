import { type Rates, type SendFlow, share } from '#shared/domain/campaigns/forecast.ts'
import { type CampaignRate, campaignPerMinute } from '#shared/domain/numbers/quality-brake.ts'
import { portfolioOf, ratePerSecond } from '#shared/domain/numbers/sending.ts'
import { limitsPrefix } from '#shared/limits/send-limits.ts'
import { type LimitUsage, limitUsage } from '#shared/limits/usage.ts'
import type { ClientDoc, TenantDoc } from '#shared/model/documents.ts'
import type { GatewayDeps } from '../deps.ts'

/** Present use of the limits of a tenant and its numbers; null while Redis is down. */
export async function usageOf(
  { redis, store }: Pick<GatewayDeps, 'redis' | 'store'>,
  tenant: TenantDoc,
  clients: readonly ClientDoc[],
): Promise<LimitUsage | null> {
  return await limitUsage(redis, limitsPrefix(store.connection.name), {
    tenantId: String(tenant._id),
    perMinute: tenant.limits?.messagesPerMinute ?? null,
    perDay: tenant.limits?.messagesPerDay ?? null,
    numbers: clients.map(client => ({
      phoneNumberId: client.phoneNumberId,
      wabaId: client.wabaId,
      portfolioId: portfolioOf(client),
    })),
  })
}

/** What each number of a tenant may send, and all of them together. @param usage null: as if Meta had not complained */
export function ratesOf(clients: readonly ClientDoc[], tenant: TenantDoc | null, usage: LimitUsage | null): Rates {
  const perMinute = tenant?.limits?.messagesPerMinute ?? null
  const own = (client: ClientDoc) => ratePerSecond(client) * (usage?.numbers.get(client.phoneNumberId)?.factor ?? 1)
  return {
    numbers: new Map(clients.map(client => [client.phoneNumberId, own(client)])),
    sharedRate: perMinute === null ? Infinity : perMinute / 60,
  }
}

/** Messages a second of each number beside the present flows; of an idle number, the rate that a single reply would get. */
export function ratesNow(clients: readonly ClientDoc[], rates: Rates, flows: readonly SendFlow[]): number[] {
  const given = share(flows, rates)
  return clients.map(client => {
    const own = given.filter((_, i) => flows[i]?.phoneNumberId === client.phoneNumberId && flows[i].count > 0)
    const rate = own.length > 0 ? own.reduce((sum, one) => sum + one, 0) : share([replyOf(client), ...flows], rates)[0]
    return Math.round((rate ?? 0) * 1000) / 1000
  })
}

/** Flow of a single reply, to compute the rate an idle number would have. */
export const replyOf = (client: ClientDoc): SendFlow => ({
  ...placeOf(client),
  priority: 'chat',
  count: 1,
  mostPerSecond: Infinity,
})

/** Number and portfolio of a flow. */
export const placeOf = (client: ClientDoc): Pick<SendFlow, 'phoneNumberId' | 'portfolioId'> => ({
  phoneNumberId: client.phoneNumberId,
  portfolioId: portfolioOf(client),
})

/** Flow of a campaign. @param campaigns count of campaigns that the number sends at the same time, this one included */
export function campaignFlow(
  campaign: CampaignRate & { count: number },
  client: ClientDoc,
  rates: Rates,
  campaigns: number,
): SendFlow {
  const { qualityRating, phoneNumberId } = client
  const number = { qualityRating, ratePerSecond: rates.numbers.get(phoneNumberId) ?? 0 }
  const perMinute = campaignPerMinute(campaign, number, campaigns)
  const mostPerSecond = perMinute === null ? Infinity : perMinute / 60
  return { ...placeOf(client), priority: 'campaign', count: campaign.count, mostPerSecond }
}

import {
  type Day,
  type End,
  forecastCapacity,
  isRateLimited,
  type Rates,
  type SendFlow,
  secondsUntilLast,
} from '#shared/domain/campaigns/forecast.ts'
import type { LimitUsage } from '#shared/limits/usage.ts'
import type { ClientDoc, TenantDoc } from '#shared/model/documents.ts'
import type { BacklogGroup, CampaignBacklog } from '#shared/store/dispatch/backlog.ts'
import { campaignFlow, placeOf, ratesNow, ratesOf } from './rates.ts'

/** Backlog of a number: waiting messages, and campaign recipients whose message does not exist yet. */
export interface NumberBacklog {
  client: ClientDoc
  groups: readonly BacklogGroup[]
  campaigns: readonly CampaignBacklog[]
}

/** Seconds until the last message has been sent, by priority and campaign; null while paused. */
export interface Forecast {
  messagesPerSecond: number
  chat: number | null
  campaign: number | null
  /** Seconds of each running campaign, by its id. */
  campaigns: ReadonlyMap<string, number | null>
}

interface NamedFlow extends SendFlow {
  /** Null for messages that are already queued. */
  campaignId: string | null
}

/**
 * Forecasts for all numbers of one tenant, which share its limits; the result is in the order of `found`.
 * @param tenant null when it is deleted: nothing is sent then @param usage null while Redis is down
 */
export function forecast(found: readonly NumberBacklog[], tenant: TenantDoc | null, usage: LimitUsage | null): Forecast[] {
  const clients = found.map(({ client }) => client)
  const rates = sendingRates(clients, tenant, usage)
  const flows = found.map(one => flowsOf(one, rates))
  const ends = forecastCapacity(flows.flat(), rates)
  const now = ratesNow(clients, rates, flows.flat())
  let nextEnd = 0
  return found.map(({ client }, i) => {
    const own = (flows[i] ?? []).map(flow => ({
      flow,
      seconds: secondsOf(flow, ends[nextEnd++] as End, { client, tenant, usage }),
    }))
    const last = (priority: SendFlow['priority']) =>
      latest(own.flatMap(({ flow, seconds }) => (flow.priority === priority ? [seconds] : [])))
    const campaigns = own.flatMap(({ flow, seconds }) => (flow.campaignId === null ? [] : [[flow.campaignId, seconds] as const]))
    return { messagesPerSecond: now[i] ?? 0, chat: last('chat'), campaign: last('campaign'), campaigns: new Map(campaigns) }
  })
}

/** Send rates of the active numbers of an active tenant; others have none. */
function sendingRates(clients: readonly ClientDoc[], tenant: TenantDoc | null, usage: LimitUsage | null): Rates {
  const sending = clients.filter(({ status }) => status === 'active' && tenant?.status === 'active')
  return ratesOf(sending, tenant, usage)
}

function flowsOf({ client, groups, campaigns }: NumberBacklog, rates: Rates): NamedFlow[] {
  const queued = { ...placeOf(client), mostPerSecond: Infinity, campaignId: null }
  const count = (priority: BacklogGroup['priority']) =>
    groups.reduce((sum, group) => (group.priority === priority && isRateLimited(group.reason) ? sum + group.count : sum), 0)
  const running = campaigns.filter(({ reason }) => isRateLimited(reason))
  return [
    { ...queued, priority: 'chat', count: count('chat') },
    { ...queued, priority: 'campaign', count: count('campaign') },
    ...running.map(campaign => ({
      ...campaignFlow(campaign, client, rates, running.length),
      campaignId: String(campaign._id),
    })),
  ]
}

/** Seconds of a flow within the 24-hour limits: the tenant's for all messages, the portfolio's for campaigns. */
function secondsOf(
  { priority }: SendFlow,
  { seconds, sent, sentOfPortfolio }: End,
  { client, tenant, usage }: { client: ClientDoc; tenant: TenantDoc | null; usage: LimitUsage | null },
): number | null {
  const days: Day[] = []
  const perDay = tenant?.limits?.messagesPerDay ?? null
  if (perDay !== null) days.push({ limit: perDay, used: usage?.perDay ?? 0, sent })
  const { messagingLimit: limit, phoneNumberId } = client
  if (limit !== null && priority === 'campaign')
    days.push({ limit, used: usage?.numbers.get(phoneNumberId)?.messagingUsed ?? 0, sent: sentOfPortfolio })
  return secondsUntilLast(seconds, days)
}

function latest(seconds: readonly (number | null)[]): number | null {
  return seconds.reduce((last, one) => (last === null || one === null ? null : Math.max(last, one)), 0)
}

import { z } from 'zod'
import { portfolioOf } from '#shared/domain/numbers/sending.ts'
import type { LimitUsage } from '#shared/limits/usage.ts'
import type { ClientDoc, TenantDoc } from '#shared/model/documents.ts'
import { limitsAfter } from '#shared/store/accounts/tenants.ts'
import { shownPhone } from '#shared/views/views.ts'
import { backlogViews, NumberBacklogView } from './backlog.ts'
import { type Forecast, forecast, type NumberBacklog } from './forecast.ts'

const SHARES = ['minute', 'day', 'account', 'messagingLimit'] as const
const seconds = z.number().int().nullable()
const Change = z.object({ before: seconds, after: seconds })

/** Backlog before and after a change of limits, and its effect on each number and campaign. Seconds are null while paused. */
export const WhatIfView = z.object({
  before: z.array(NumberBacklogView),
  after: z.array(NumberBacklogView),
  effects: z
    .array(
      z.object({
        clientId: z.string(),
        whatsappNumber: z.string().nullable(),
        isNamed: z.boolean().describe('True for a number that the change names'),
        shares: z
          .array(z.enum(SHARES))
          .describe(
            "Limits shared with a number that changes: the account's a minute and a day, the WhatsApp account's call limit and holds, the portfolio's messaging limit",
          ),
        messagesPerSecond: z.object({ before: z.number(), after: z.number() }),
        secondsLeft: z.object({ chat: Change, campaign: Change }).describe('Seconds until the backlog is sent'),
        campaigns: z
          .array(z.object({ id: z.string(), name: z.string(), left: z.number().int(), secondsLeft: Change }))
          .describe('Running campaigns with their remaining recipients'),
      }),
    )
    .describe('Effect on each number and campaign of the account'),
})
type WhatIfView = z.infer<typeof WhatIfView>
type Effect = WhatIfView['effects'][number]

/** Proposed change of limits; undefined keeps a value, null removes a limit. */
export interface LimitChange {
  messagesPerMinute?: number | null | undefined
  messagesPerDay?: number | null | undefined
  /** New `maxPerSecond` of numbers, by id. */
  numbers: ReadonlyMap<string, number | null>
}

/** Forecast of the present backlog before and after a change of limits; changes nothing. */
export function whatIf(
  found: readonly NumberBacklog[],
  tenant: TenantDoc,
  change: LimitChange,
  usage: LimitUsage | null,
  now: Date,
): WhatIfView {
  const { messagesPerMinute, messagesPerDay } = change
  const { limits } = limitsAfter(tenant, { messagesPerMinute, messagesPerDay }, {})
  const changed = found.map(one => ({ ...one, client: clientAfter(one.client, change) }))
  const before = forecast(found, tenant, usage)
  const after = forecast(changed, { ...tenant, limits }, usage)
  const clients = found.map(({ client }) => client)
  return {
    before: backlogViews(found, before, now),
    after: backlogViews(changed, after, now),
    effects: found.map((one, i) => {
      const shares = sharesOf(one.client, clients, change, [tenant.limits, limits])
      return effectOn(one, change, shares, before[i] as Forecast, after[i] as Forecast)
    }),
  }
}

function clientAfter(client: ClientDoc, { numbers }: LimitChange): ClientDoc {
  const wanted = numbers.get(String(client._id))
  return { ...client, maxPerSecond: wanted === undefined ? (client.maxPerSecond ?? null) : wanted }
}

/** Limits that a number shares with a changing one. @param limits the tenant's, before and after the change */
function sharesOf(
  client: ClientDoc,
  clients: readonly ClientDoc[],
  change: LimitChange,
  limits: readonly TenantDoc['limits'][],
): Effect['shares'] {
  const others = clients.filter(other => other !== client)
  const changing = others.filter(({ _id }) => change.numbers.has(String(_id)))
  const has = (name: 'messagesPerMinute' | 'messagesPerDay') =>
    limits.some(one => one?.[name] != null) && (changing.length > 0 || (change[name] !== undefined && others.length > 0))
  const { messagingLimit, wabaId } = client
  const shares = {
    minute: has('messagesPerMinute'),
    day: has('messagesPerDay'),
    account: changing.some(other => other.wabaId === wabaId),
    messagingLimit: messagingLimit !== null && changing.some(other => portfolioOf(other) === portfolioOf(client)),
  }
  return SHARES.filter(name => shares[name])
}

function effectOn(
  { client, campaigns }: NumberBacklog,
  change: LimitChange,
  shares: Effect['shares'],
  before: Forecast,
  after: Forecast,
): Effect {
  const running = campaigns.filter(({ _id }) => before.campaigns.has(String(_id)))
  return {
    clientId: String(client._id),
    whatsappNumber: shownPhone(client.whatsappNumber),
    isNamed: change.numbers.has(String(client._id)),
    shares,
    messagesPerSecond: { before: before.messagesPerSecond, after: after.messagesPerSecond },
    secondsLeft: {
      chat: { before: before.chat, after: after.chat },
      campaign: { before: before.campaign, after: after.campaign },
    },
    campaigns: running.map(({ _id, name, count }) => {
      const id = String(_id)
      return {
        id,
        name,
        left: count,
        secondsLeft: { before: before.campaigns.get(id) ?? null, after: after.campaigns.get(id) ?? null },
      }
    }),
  }
}

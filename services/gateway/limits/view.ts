import { z } from 'zod'
import { portfolioOf } from '#shared/domain/numbers/sending.ts'
import { PAIR_BURST, PAIR_INTERVAL_MS } from '#shared/limits/claims.ts'
import type { LimitUsage } from '#shared/limits/usage.ts'
import type { ClientDoc, SendLimits, TenantDoc } from '#shared/model/documents.ts'
import { limitsAfter } from '#shared/store/accounts/tenants.ts'
import { shownPhone } from '#shared/views/views.ts'
import { ratesNow, ratesOf, replyOf } from './rates.ts'

const Own = z.object({
  limit: z.number().int().nullable().describe("Limit in force: the lower of the account's own and the platform's"),
  used: z.number().int().nullable(),
  own: z.number().int().nullable().describe('Limit that the account has set itself'),
  ceiling: z.number().int().nullable().describe('Limit that the platform has set for the account'),
})

/** Send limits of an account and its numbers, with their present use. */
export const LimitsView = z.object({
  /** False while Redis is down: members about present use are null then. */
  live: z.boolean(),
  /** The account's own limits over all its numbers. `used` is given back evenly over the minute or day. */
  messagesPerMinute: Own,
  messagesPerDay: Own,
  /** Meta's pair rate limit: messages from one number to one recipient. */
  pair: z.object({ burst: z.number().int(), thenOneInSeconds: z.number() }),
  numbers: z.array(
    z.object({
      id: z.string(),
      phoneNumberId: z.string(),
      whatsappNumber: z.string().nullable(),
      status: z.enum(['active', 'disconnected', 'suspended', 'paused']),
      pauseReason: z.string().nullable(),
      /** Meta's limit in messages a second. */
      throughput: z.number(),
      /** The tenant's own limit in messages a second; null for none. */
      maxPerSecond: z.number().nullable(),
      /** Factor by which the rate is reduced after Meta throttled the number; returns to 1 within minutes. */
      slowFactor: z.number().nullable(),
      /** Present rate by all of these; active numbers share the account's limit a minute. */
      messagesPerSecond: z.number(),
      /** Messaging limit of the portfolio: contacts its numbers may write to first in 24 h. */
      messagingLimit: z
        .object({ portfolioId: z.string(), limit: z.number().int(), used: z.number().int().nullable() })
        .nullable(),
      holds: z.array(z.object({ scope: z.enum(['app', 'waba', 'number', 'campaign']), until: z.iso.datetime() })),
    }),
  ),
})
export type LimitsView = z.infer<typeof LimitsView>

/** API view of the limits. @param usage null while Redis is down */
export function limitsView(tenant: TenantDoc, clients: readonly ClientDoc[], usage: LimitUsage | null, now: Date): LimitsView {
  const active = clients.filter(({ status }) => status === 'active')
  const rates = ratesNow(clients, ratesOf(clients, tenant, usage), active.map(replyOf))
  return {
    live: usage !== null,
    messagesPerMinute: tenantLimit(tenant, 'messagesPerMinute', usage?.perMinute),
    messagesPerDay: tenantLimit(tenant, 'messagesPerDay', usage?.perDay),
    pair: { burst: PAIR_BURST, thenOneInSeconds: PAIR_INTERVAL_MS / 1000 },
    numbers: clients.map((client, i) => numberView(client, rates[i] ?? 0, usage, now)),
  }
}

function tenantLimit(tenant: TenantDoc, field: keyof SendLimits, used: number | null | undefined): z.infer<typeof Own> {
  const { limits, ownLimits, ceilings } = limitsAfter(tenant, {}, {})
  return { limit: limits[field], used: used ?? null, own: ownLimits?.[field] ?? null, ceiling: ceilings?.[field] ?? null }
}

function numberView(
  client: ClientDoc,
  messagesPerSecond: number,
  usage: LimitUsage | null,
  now: Date,
): LimitsView['numbers'][number] {
  const own = usage?.numbers.get(client.phoneNumberId)
  const { messagingLimit: limit } = client
  return {
    id: String(client._id),
    phoneNumberId: client.phoneNumberId,
    whatsappNumber: shownPhone(client.whatsappNumber),
    status: client.status,
    pauseReason: client.pauseReason ?? null,
    throughput: client.throughput,
    maxPerSecond: client.maxPerSecond ?? null,
    slowFactor: own ? Math.round(own.factor * 1000) / 1000 : null,
    messagesPerSecond,
    messagingLimit: limit ? { portfolioId: portfolioOf(client), limit, used: own?.messagingUsed ?? null } : null,
    holds: (own?.holds ?? []).map(({ scope, ms }) => ({ scope, until: new Date(now.getTime() + ms).toISOString() })),
  }
}

import { z } from 'zod'
import { shownPhone } from '#shared/contracts/to-views.ts'
import { ratePerSecond } from '#shared/domain/send-rate.ts'
import { PAIR_BURST, PAIR_INTERVAL_MS } from '#shared/limits/claims.ts'
import { type LimitUsage, limitUsage } from '#shared/limits/usage.ts'
import type { ClientDoc, TenantDoc } from '#shared/store/documents.ts'
import type { GatewayDeps } from './deps.ts'

const Own = z.object({ limit: z.number().int().nullable(), used: z.number().int().nullable() })

export const LimitsView = z.object({
  /** False while nobody can say how much is used: those members are null then. */
  live: z.boolean(),
  /** The account's own limits over all its numbers; used = what has not been given back yet, evenly through the time. */
  messagesPerMinute: Own,
  messagesPerDay: Own,
  /** Meta's rule for one number and one person. */
  pair: z.object({ burst: z.number().int(), thenOneInSeconds: z.number() }),
  numbers: z.array(
    z.object({
      id: z.string(),
      phoneNumberId: z.string(),
      whatsappNumber: z.string().nullable(),
      status: z.enum(['active', 'disconnected', 'suspended', 'paused']),
      pauseReason: z.string().nullable(),
      /** What Meta allows, in messages a second. */
      throughput: z.number(),
      /** What its people allow it, if that is less. */
      maxPerSecond: z.number().nullable(),
      /** The part of the rate that is left after Meta found the number too fast; back at 1 within minutes. */
      slowFactor: z.number().nullable(),
      /** The rate now, by all of these. */
      messagesPerSecond: z.number(),
      /** People whom the portfolio's numbers may write to first in 24 h. */
      messagingLimit: z
        .object({ portfolioId: z.string(), limit: z.number().int(), used: z.number().int().nullable() })
        .nullable(),
      holds: z.array(z.object({ scope: z.enum(['app', 'waba', 'number', 'bulk']), until: z.iso.datetime() })),
    }),
  ),
})
export type LimitsView = z.infer<typeof LimitsView>

export const portfolioOf = ({ portfolioId, wabaId }: ClientDoc) => portfolioId ?? wabaId

/** How much of a tenant's limits is used; null while Redis is away. */
export async function usageOf(
  redis: GatewayDeps['redis'],
  tenant: TenantDoc,
  clients: readonly ClientDoc[],
): Promise<LimitUsage | null> {
  return await limitUsage(redis, {
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

/** Of a number with all that slows it, the tenant's limit a minute too. */
export function rateNow(client: ClientDoc, tenant: TenantDoc | null, factor: number): number {
  const perMinute = tenant?.limits?.messagesPerMinute ?? null
  const own = ratePerSecond(client) * factor
  return Math.round(Math.min(own, perMinute === null ? own : perMinute / 60) * 1000) / 1000
}

export function limitsView(tenant: TenantDoc, clients: readonly ClientDoc[], usage: LimitUsage | null, now: Date): LimitsView {
  const { messagesPerMinute = null, messagesPerDay = null } = tenant.limits ?? {}
  return {
    live: usage !== null,
    messagesPerMinute: { limit: messagesPerMinute, used: usage?.perMinute ?? null },
    messagesPerDay: { limit: messagesPerDay, used: usage?.perDay ?? null },
    pair: { burst: PAIR_BURST, thenOneInSeconds: PAIR_INTERVAL_MS / 1000 },
    numbers: clients.map(client => numberView(client, tenant, usage, now)),
  }
}

function numberView(client: ClientDoc, tenant: TenantDoc, usage: LimitUsage | null, now: Date): LimitsView['numbers'][number] {
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
    messagesPerSecond: rateNow(client, tenant, own?.factor ?? 1),
    messagingLimit: limit ? { portfolioId: portfolioOf(client), limit, used: own?.messagingUsed ?? null } : null,
    holds: (own?.holds ?? []).map(({ scope, ms }) => ({ scope, until: new Date(now.getTime() + ms).toISOString() })),
  }
}

import { z } from 'zod'
import type { TenantDoc } from '#shared/model/documents.ts'
import { limitsAfter } from '#shared/store/accounts/tenants.ts'

const limit = z.number().int().nullable()
export const Ceilings = z.object({ messagesPerMinute: limit, messagesPerDay: limit })

export const TenantView = z.object({
  id: z.string(),
  name: z.string(),
  status: z.enum(['active', 'suspended', 'deactivated']),
  /** Null: no bound. */
  ceilings: Ceilings.describe('Most that the platform allows; the account may set lower limits by PUT /api/v1/limits'),
  limits: Ceilings.describe('Limits in force'),
  locale: z.string(),
  timezone: z.string(),
  currency: z.string(),
  deactivatedAt: z.iso.datetime().nullable(),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
})
export type TenantView = z.infer<typeof TenantView>

export function tenantView(tenant: TenantDoc): TenantView {
  const none = { messagesPerMinute: null, messagesPerDay: null }
  const { limits, ceilings } = limitsAfter(tenant, {}, {})
  const { locale, timezone, currency } = tenant.settings
  return {
    id: String(tenant._id),
    name: tenant.name,
    status: tenant.status,
    ceilings: { ...none, ...ceilings },
    limits,
    locale,
    timezone,
    currency,
    deactivatedAt: tenant.deactivatedAt?.toISOString() ?? null,
    createdAt: tenant.createdAt.toISOString(),
    updatedAt: tenant.updatedAt.toISOString(),
  }
}

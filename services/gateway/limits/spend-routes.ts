import { z } from 'zod'
import { levelNow, SPEND_LEVELS } from '#shared/domain/accounts/spend-ceiling.ts'
import { callerOf, route } from '#shared/http/route.ts'
import { getTenant } from '#shared/store/accounts/tenants.ts'
import { spendOf } from '#shared/store/analytics/spend.ts'
import { findAnalyticsState } from '#shared/store/analytics/states.ts'
import type { GatewayDeps } from '../deps.ts'

const SpendView = z.object({
  month: z.string().describe('`2026-11`'),
  amount: z.number().describe('The ceiling'),
  spent: z.number().describe('Of messages that were sent; a failed one costs nothing'),
  currency: z.string(),
  of: z.enum(['cost', 'metaCost']),
  level: z
    .enum(SPEND_LEVELS)
    .nullable()
    .describe('`warning`: 80 % are spent; otherwise what waits, with what stands before it. Null: below'),
})

const read = route({
  method: 'get',
  path: '/api/v1/limits/spend',
  action: 'limits.read',
  tag: 'limits',
  summary: 'What the account has spent this month towards its ceiling (setting `spendCeiling`); null without one',
  returns: z.object({ spend: SpendView.nullable() }),
  async handle(request, { store, now }: GatewayDeps) {
    const { tenantId } = callerOf(request)
    const [tenant, state] = await Promise.all([getTenant(store, tenantId), findAnalyticsState(store, tenantId)])
    const spend = spendOf(tenant, state, now())
    const { spendCeiling, timezone } = tenant.settings
    if (spend === null || !spendCeiling) return { body: { spend: null } }
    const { amount, of } = spendCeiling
    return { body: { spend: { ...spend, amount, of, level: levelNow(tenant.spendStop, timezone, now()) } } }
  },
})

export const spendRoutes = [read]

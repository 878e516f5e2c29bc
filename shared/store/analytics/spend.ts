import { ceilingCurrency, isEased, monthIn, type SpendLevel, spendLevel } from '../../domain/accounts/spend-ceiling.ts'
import { amountOf } from '../../domain/analytics/contribution.ts'
import type { AnalyticsStateDoc, EventDoc, TenantDoc } from '../../model/documents.ts'
import { newId } from '../../model/ids.ts'
import { spendChanged } from '../../views/events.ts'
import { forgetTenant } from '../accounts/tenants.ts'
import type { Store } from '../connect.ts'
import { insertEvents } from '../events/insert.ts'

type Tenant = Pick<TenantDoc, '_id' | 'settings' | 'spendStop'>

export interface Spend {
  /** `2026-11`, in the tenant's time zone. */
  month: string
  spent: number
  currency: string
}

/** What a tenant has spent in the present month by the price that its ceiling is about; null without a ceiling. */
export function spendOf({ settings }: Tenant, state: Pick<AnalyticsStateDoc, 'months'> | null, now: Date): Spend | null {
  const { spendCeiling, timezone } = settings
  if (!spendCeiling) return null
  const month = monthIn(timezone, now)
  const currency = ceilingCurrency(spendCeiling, settings)
  const counted = state?.months?.[month]?.[spendCeiling.of === 'cost' ? 'own' : 'meta']?.[currency] ?? 0
  return { month, spent: amountOf(counted), currency }
}

/**
 * Writes the level that a tenant's spend has reached, with its event, if it is another one than before.
 * @returns null when nothing changed. @throws Outage
 */
export async function updateSpendStop(
  store: Store,
  tenant: Tenant,
  state: Pick<AnalyticsStateDoc, 'months'> | null,
  now: Date,
): Promise<{ events: EventDoc[]; level: SpendLevel | null; isEased: boolean } | null> {
  const { _id: tenantId, settings, spendStop: before } = tenant
  const spend = spendOf(tenant, state, now)
  const level = spend && settings.spendCeiling ? spendLevel(settings.spendCeiling, spend.spent) : null
  const month = spend?.month ?? before?.month ?? null
  const isKnown = level === null ? !before : before?.level === level && before.month === month
  if (isKnown || month === null) return null
  const spendStop = level && { month, level, at: now }
  const events = [spendChanged(newId(), tenantId, { month, level }, now)]
  await store.transaction(async session => {
    await store.models.tenants.updateOne({ _id: tenantId }, { $set: { spendStop } }, { session })
    await insertEvents(store, events, session)
  })
  forgetTenant(store, tenantId)
  return { events, level, isEased: isEased(before?.level ?? null, level) }
}

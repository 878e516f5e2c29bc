import type { AnalyticsStateDoc } from '#shared/model/documents.ts'
import type { Logger } from '#shared/process/logger.ts'
import type { EventPublisher } from '#shared/queue/publish-events.ts'
import { updateSpendStop } from '#shared/store/analytics/spend.ts'
import type { AnalyticsTenant } from '#shared/store/analytics/states.ts'
import type { Store } from '#shared/store/connect.ts'
import { rescheduleLimited } from '#shared/store/dispatch/reschedule.ts'
import { listClients } from '#shared/store/numbers/clients.ts'

interface SpendDeps {
  store: Store
  events: EventPublisher
  log: Logger
  now(): Date
}

/**
 * Compares what a tenant has spent this month with its ceiling. What then waits, the senders read with the tenant; what waited and
 * need not any more is due at once. @throws Outage
 */
export async function checkSpend(
  { store, events, log, now }: SpendDeps,
  tenant: AnalyticsTenant,
  state: AnalyticsStateDoc | null,
): Promise<void> {
  if (!tenant.settings.spendCeiling && !tenant.spendStop) return
  const changed = await updateSpendStop(store, tenant, state, now())
  if (changed === null) return
  log.info({ tenantId: String(tenant._id), level: changed.level }, 'spend reached another level')
  void events.publish(changed.events, null)
  if (!changed.isEased) return
  const numbers = (await listClients(store, tenant._id)).map(({ phoneNumberId }) => phoneNumberId)
  await rescheduleLimited(store, tenant._id, numbers, now(), 'spend')
}

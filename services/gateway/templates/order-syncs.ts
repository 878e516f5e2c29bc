import type { ClientDoc } from '#shared/model/documents.ts'
import { findTemplateSyncsDue, updateClientWithoutEvent } from '#shared/store/numbers/checks.ts'
import { requestSync } from '#shared/store/templates/syncs.ts'
import { type BackgroundDeps, jittered } from '../numbers/background-deps.ts'

const BATCH = 100

/**
 * Orders a sync for each tenant whose numbers are due: on schedule, or because a webhook named an unknown template.
 * @returns how many numbers are due. @throws Outage
 */
export async function orderDueSyncs(deps: BackgroundDeps): Promise<number> {
  const due = await findTemplateSyncsDue(deps.store, deps.now(), BATCH)
  for (const clients of Map.groupBy(due, ({ tenantId }) => String(tenantId)).values()) await orderSync(deps, clients)
  return due.length
}

/** Orders one sync. Numbers that become due while their tenant's sync is running stay due until it has ended. */
async function orderSync({ store, now, templatesEveryMs }: BackgroundDeps, clients: ClientDoc[]): Promise<void> {
  const [{ tenantId }] = clients as [ClientDoc]
  const { status } = await requestSync(store, tenantId, { trigger: 'schedule', requestedBy: null, now: now() })
  if (status === 'RUNNING') return
  for (const client of clients)
    await updateClientWithoutEvent(store, client, { nextTemplateSyncAt: jittered(now(), templatesEveryMs) })
}

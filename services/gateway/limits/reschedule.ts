import { LIMIT_FIELDS } from '#shared/domain/accounts/send-limits.ts'
import type { SendLimits, TenantDoc } from '#shared/model/documents.ts'
import { rescheduleLimited } from '#shared/store/dispatch/reschedule.ts'
import { listClients } from '#shared/store/numbers/clients.ts'
import { metaIdsOf } from '#shared/store/numbers/meta-ids.ts'
import type { GatewayDeps } from '../deps.ts'

/** Makes messages that wait for a limit of their tenant due now, if the limit was raised or removed. */
export function rescheduleIfRaised(deps: GatewayDeps, before: TenantDoc, after: SendLimits): void {
  if (LIMIT_FIELDS.some(field => isRaised(before.limits?.[field], after[field]))) rescheduleNow(deps, before)
}

const isRaised = (before: number | null | undefined, after: number | null) => before != null && (after === null || after > before)

/** Runs in the background, since a million rows take a while. */
function rescheduleNow({ store, log, now }: GatewayDeps, { _id: tenantId }: TenantDoc): void {
  const at = now()
  listClients(store, tenantId)
    .then(clients => rescheduleLimited(store, tenantId, clients.flatMap(metaIdsOf), at))
    .then(count => count > 0 && log.info({ tenantId: String(tenantId), count }, 'messages rescheduled after a raised limit'))
    .catch(error => log.warn({ err: error }, 'messages not rescheduled after a raised limit'))
}

import { callerOf, type RouteRequest } from '#shared/http/route.ts'
import type { AuditLogDoc } from '#shared/model/documents.ts'
import { toId } from '#shared/model/ids.ts'
import { audit } from '#shared/store/accounts/audit.ts'
import type { GatewayDeps } from './deps.ts'

/** Writes an audit entry with the caller as its actor. @param entry.changes before and after of each changed field */
export async function recordAudit(
  request: Pick<RouteRequest<unknown, unknown, unknown>, 'caller' | 'ip'>,
  { store }: Pick<GatewayDeps, 'store'>,
  entry: { action: string; object: AuditLogDoc['object']; changes?: AuditLogDoc['changes'] },
): Promise<void> {
  const { kind, id, name, tenantId } = callerOf(request)
  await audit(store, {
    ...entry,
    tenantId: toId(tenantId),
    actor: { kind, id: toId(id), name },
    ip: request.ip,
  })
}

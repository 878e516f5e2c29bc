import { callerOf, type RouteRequest } from '#shared/http/route.ts'
import type { AuditLogDoc } from '#shared/model/documents.ts'
import { toId } from '#shared/model/ids.ts'
import { audit } from '#shared/store/accounts/audit.ts'
import type { Alongside, Session } from '#shared/store/transaction.ts'
import type { GatewayDeps } from './deps.ts'

/** What an audit entry says; who and where from follow from the request. */
export interface AuditText {
  action: string
  object: AuditLogDoc['object']
  /** Before and after of each changed field. */
  changes?: AuditLogDoc['changes']
  /** Owner of the object where it is not the caller's tenant. */
  tenantId?: AuditLogDoc['tenantId']
}

type Asked = Pick<RouteRequest<unknown, unknown, unknown>, 'caller' | 'ip'>
type Deps = Pick<GatewayDeps, 'store'>

/** Writes an audit entry for something that changes nothing, such as an export: before the answer is given. */
export async function recordAudit(request: Asked, deps: Deps, entry: AuditText): Promise<void> {
  await write(request, deps, entry)
}

/**
 * The audit entries of a deed, for the transaction that does it: a deed without its entry is not done.
 * @param entriesOf says them from what was done; none where nothing was
 */
export function audited<T>(request: Asked, deps: Deps, entriesOf: (done: T) => AuditText | AuditText[] | null): Alongside<T> {
  return async (done, session) => {
    // One after the other: statements of a transaction must not overlap.
    for (const entry of [entriesOf(done) ?? []].flat()) await write(request, deps, entry, session)
  }
}

async function write(request: Asked, { store }: Deps, entry: AuditText, session?: Session): Promise<void> {
  const { kind, id, name, tenantId } = callerOf(request)
  const actor = { kind, id: toId(id), name }
  await audit(store, { tenantId: toId(tenantId), ...entry, actor, ip: request.ip }, session ? { session } : {})
}

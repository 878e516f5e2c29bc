import type { AuditLogDoc, Id } from '../../model/documents.ts'
import { toId } from '../../model/ids.ts'
import { type Store, trusted } from '../connect.ts'
import { findPage, type Page, type PageRequest } from '../pages.ts'

type Key = Id | string

export interface AuditFilter {
  /** `templates.create`, or `templates` for all actions of the kind. */
  action?: string | undefined
  actorId?: string | undefined
  kind?: string | undefined
  objectId?: string | undefined
  from?: Date | undefined
  /** Exclusive. */
  to?: Date | undefined
}

/** Entries of a tenant's audit log, newest first. */
export async function listAudit(store: Store, tenantId: Key, filter: AuditFilter, page: PageRequest): Promise<Page<AuditLogDoc>> {
  return await findPage<AuditLogDoc>(store.models.auditLog, conditionsOf(tenantId, filter), 'at', page)
}

/** Entries that come after another one in the list. */
export async function auditAfter(
  { models }: Store,
  tenantId: Key,
  filter: AuditFilter,
  after: AuditLogDoc | null,
  limit: number,
): Promise<AuditLogDoc[]> {
  const conditions = conditionsOf(tenantId, filter)
  const behind = after && [{ at: trusted({ $lt: after.at }) }, { at: after.at, _id: trusted({ $lt: after._id }) }]
  const scope = behind ? { tenantId, $and: [conditions, trusted({ $or: behind })] } : conditions
  return await models.auditLog.find(scope).sort({ at: -1, _id: -1 }).limit(limit).lean()
}

function conditionsOf(tenantId: Key, { action, actorId, kind, objectId, from, to }: AuditFilter) {
  // The slash is the character after the dot.
  const isKind = action !== undefined && !action.includes('.')
  return {
    tenantId,
    ...(action && { action: isKind ? trusted({ $gte: `${action}.`, $lt: `${action}/` }) : action }),
    ...(actorId && { 'actor.id': toId(actorId) }),
    ...(kind && { 'object.kind': kind }),
    ...(objectId && { 'object.id': objectId }),
    ...((from || to) && { at: trusted({ ...(from && { $gte: from }), ...(to && { $lt: to }) }) }),
  }
}

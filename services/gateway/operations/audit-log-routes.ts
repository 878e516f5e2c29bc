import { Readable } from 'node:stream'
import { stringify } from 'csv-stringify'
import { z } from 'zod'
import { callerOf, route } from '#shared/http/route.ts'
import type { AuditLogDoc } from '#shared/model/documents.ts'
import { type AuditFilter, auditAfter, listAudit } from '#shared/store/accounts/audit-log.ts'
import { pageView } from '#shared/store/pages.ts'
import { asTenant } from '#shared/store/tenancy/tenancy.ts'
import { recordAudit } from '../audit.ts'
import type { GatewayDeps } from '../deps.ts'
import { listOf, ObjectIdText, Paging, Time } from '../schemas.ts'

const tag = 'operations'
const path = '/api/v1/audit-log'

const AuditView = z.object({
  id: z.string(),
  at: z.iso.datetime(),
  actor: z.object({ kind: z.enum(['user', 'apiKey', 'system']), id: z.string().nullable(), name: z.string().nullable() }),
  action: z.string(),
  object: z.object({ kind: z.string(), id: z.string() }),
  changes: z
    .record(z.string(), z.object({ before: z.unknown(), after: z.unknown() }))
    .describe('Before and after of each field; secrets as hashes'),
  ip: z.string().nullable(),
})

const Filters = {
  action: z
    .string()
    .regex(/^[a-zA-Z]+(\.[a-zA-Z]+)?$/, 'Must be an action, as `templates.create`, or its first word')
    .max(100)
    .optional(),
  actorId: ObjectIdText.optional(),
  kind: z.string().min(1).max(64).optional().describe('Kind of the object, for example `client`'),
  objectId: z.string().min(1).max(200).optional(),
  from: Time.optional().describe('At this time or later'),
  to: Time.optional().describe('Before this time'),
}

const list = route({
  method: 'get',
  path,
  action: 'auditLog.read',
  tag,
  summary: 'Who did what in the account, newest first; entries are never changed or deleted',
  query: z.strictObject({ ...Paging, ...Filters }),
  returns: listOf(AuditView),
  async handle(request, { store }: GatewayDeps) {
    const { page, limit, cursor, ...filter } = request.query
    const found = await listAudit(store, callerOf(request).tenantId, filter, { page, limit, ...(cursor && { cursor }) })
    return { body: pageView(found, auditView) }
  },
})

const table = route({
  method: 'get',
  path: `${path}/export.csv`,
  action: 'auditLog.read',
  tag,
  summary: 'The audit log as a CSV, newest first, with the filters of the list',
  query: z.strictObject(Filters),
  async handle(request, deps: GatewayDeps) {
    const { tenantId } = callerOf(request)
    await recordAudit(request, deps, { action: 'auditLog.export', object: { kind: 'tenant', id: tenantId } })
    const csv = stringify({ header: true, columns: COLUMNS, escape_formulas: true, bom: true })
    const stream = Readable.from(rowsOf(deps, tenantId, request.query))
      .on('error', error => csv.destroy(error))
      .pipe(csv)
    const disposition = 'attachment; filename="audit-log.csv"'
    return { stream, headers: { 'content-type': 'text/csv; charset=utf-8', 'content-disposition': disposition } }
  },
})

export const auditLogRoutes = [table, list]

const PAGE = 500
const COLUMNS = ['at', 'actor_kind', 'actor_id', 'actor', 'action', 'object_kind', 'object_id', 'changes', 'ip']

async function* rowsOf({ store }: GatewayDeps, tenantId: string, filter: AuditFilter): AsyncGenerator<Record<string, unknown>> {
  for (let last: AuditLogDoc | null = null; ; ) {
    const after: AuditLogDoc | null = last
    const rows: AuditLogDoc[] = await asTenant(tenantId, () => auditAfter(store, tenantId, filter, after, PAGE))
    for (const { at, actor, action, object, changes, ip } of rows) {
      const who = { actor_kind: actor.kind, actor_id: actor.id && String(actor.id), actor: actor.name }
      const what = { action, object_kind: object.kind, object_id: object.id, changes: JSON.stringify(changes) }
      yield { at: at.toISOString(), ...who, ...what, ip }
    }
    last = rows.at(-1) ?? null
    if (last === null || rows.length < PAGE) return
  }
}

const auditView = ({ _id, at, actor, action, object, changes, ip }: AuditLogDoc): z.infer<typeof AuditView> => ({
  id: String(_id),
  at: at.toISOString(),
  actor: { kind: actor.kind, id: actor.id && String(actor.id), name: actor.name },
  action,
  object: { kind: object.kind, id: object.id },
  changes,
  ip,
})

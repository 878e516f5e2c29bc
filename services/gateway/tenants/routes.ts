import { z } from 'zod'
import { LIMIT_FIELDS } from '#shared/domain/accounts/send-limits.ts'
import { ApiError, notFound } from '#shared/domain/errors.ts'
import { type Caller, callerOf, type Reply, type RouteRequest, route } from '#shared/http/route.ts'
import type { TenantDoc } from '#shared/model/documents.ts'
import { toId } from '#shared/model/ids.ts'
import { changesOf } from '#shared/store/accounts/audit.ts'
import { type ChangedTenant, changeTenant, getTenant, listTenants } from '#shared/store/accounts/tenants.ts'
import { pageView } from '#shared/store/pages.ts'
import { announceRevocation } from '../accounts/revocation.ts'
import { Currency, Locale, Timezone } from '../accounts/setting-routes.ts'
import { audited } from '../audit.ts'
import type { GatewayDeps } from '../deps.ts'
import { idempotencyKeyOf } from '../idempotency.ts'
import { rescheduleIfRaised } from '../limits/reschedule.ts'
import { PerDay, PerMinute } from '../limits/routes.ts'
import { LinkView, linkView, PersonView, personView } from '../people/view.ts'
import { IdParams, listOf, Paging } from '../schemas.ts'
import { withSealedReply } from '../sealed-reply.ts'
import { createCompany } from './create.ts'
import { TenantStatusView, tenantStatus } from './status.ts'
import { TenantView, tenantView } from './view.ts'

const tag = 'tenants'
const path = '/api/v1/tenants'
const Name = z.string().trim().min(1).max(200)
const Email = z.string().trim().toLowerCase().max(254).pipe(z.email('Must be an e-mail address'))

const list = route({
  method: 'get',
  path,
  action: 'tenants.read',
  tag,
  summary: 'List tenants, newest first: a platform admin sees all, a tenant admin their own',
  query: z.strictObject({
    ...Paging,
    status: z.enum(['active', 'suspended', 'deactivated']).optional(),
    q: z.string().trim().min(1).max(100).optional().describe('Part of the name'),
  }),
  returns: listOf(TenantView),
  async handle(request, { store }: GatewayDeps) {
    const caller = callerOf(request)
    const only = caller.may('tenants.any') ? null : caller.tenantId
    return { body: pageView(await listTenants(store, { ...request.query, only }, request.query), tenantView) }
  },
})

const CeilingsInput = z.strictObject({ messagesPerMinute: PerMinute.optional(), messagesPerDay: PerDay.optional() })

const add = route({
  method: 'post',
  path,
  action: 'tenants.create',
  idempotent: true,
  tag,
  summary: 'Create a tenant with its first admin, for whom the answer has a one-time link',
  body: z.strictObject({
    name: Name,
    adminEmail: Email,
    adminName: z.string().trim().min(1).max(100),
    locale: Locale.optional(),
    timezone: Timezone.optional(),
    currency: Currency.optional(),
    ceilings: CeilingsInput.optional().describe('Most that the tenant may send; null or absent: no bound'),
  }),
  status: 201,
  returns: TenantView.extend({ admin: PersonView, link: LinkView }),
  async handle(request, deps: GatewayDeps) {
    const { tenantId } = callerOf(request)
    const { name, adminEmail, adminName, ceilings, ...settings } = request.body
    const asked = { tenantId, key: idempotencyKeyOf(request.headers), request: { what: 'tenant', body: request.body } }
    return withSealedReply(deps, asked, async once => {
      const none = { messagesPerMinute: null, messagesPerDay: null }
      const bounds = ceilings && { ceilings: { ...none, ...given(ceilings) } }
      const company = { name, admin: { email: adminEmail, name: adminName }, settings: given(settings), ...bounds }
      const { tenant, admin, link } = await createCompany(request, deps, once, company)
      return { status: 201, body: { ...tenantView(tenant), admin: personView(admin), link: linkView(deps, link) } }
    })
  },
})

const given = <T extends object>(fields: T) =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>
  }

const read = route({
  method: 'get',
  path: `${path}/{id}`,
  action: 'tenants.read',
  tag,
  summary: 'Get a tenant',
  params: IdParams,
  returns: TenantView,
  async handle(request, { store }: GatewayDeps) {
    return { body: tenantView(await getTenant(store, ownOrAny(callerOf(request), request.params.id))) }
  },
})

const status = route({
  method: 'get',
  path: `${path}/{id}/status`,
  action: 'tenants.read',
  tag,
  summary: "Check a tenant's WhatsApp: its numbers, their tokens and webhook subscriptions as Meta says now, quality and backlog",
  params: IdParams,
  returns: TenantStatusView,
  async handle(request, deps: GatewayDeps) {
    return { body: await tenantStatus(deps, ownOrAny(callerOf(request), request.params.id)) }
  },
})

/** PUT and PATCH are the same partial update. */
const change = (['put', 'patch'] as const).map(method =>
  route({
    method,
    path: `${path}/{id}`,
    action: 'tenants.write',
    tag,
    summary: 'Rename a tenant; a platform admin also suspends or releases it, and sets the most that it may send',
    params: IdParams,
    body: z
      .strictObject({
        name: Name.optional(),
        status: z.enum(['active', 'suspended']).optional(),
        ceilings: CeilingsInput.optional(),
      })
      .refine(input => Object.keys(input).length > 0, { error: 'Give at least one field to change' }),
    returns: TenantView,
    async handle(request, deps: GatewayDeps) {
      const caller = callerOf(request)
      const id = ownOrAny(caller, request.params.id)
      const { status, ceilings } = request.body
      if ((status ?? ceilings) !== undefined && !caller.may('tenants.any'))
        throw new ApiError(403, 'FORBIDDEN', 'Only a platform admin sets the status and the ceilings of a tenant.')
      return await apply(request, deps, id, 'tenants.update', before => {
        if (status !== undefined && before.status === 'deactivated')
          throw new ApiError(409, 'TENANT_DEACTIVATED', 'The tenant is deactivated. Reactivate it first.')
        return { ...given(request.body) }
      })
    },
  }),
)

const deactivate = route({
  method: 'delete',
  path: `${path}/{id}`,
  action: 'tenants.deactivate',
  tag,
  summary: 'Deactivate a tenant: no sign-in, no key, no socket and no send; what customers write is still stored',
  params: IdParams,
  returns: TenantView,
  async handle(request, deps: GatewayDeps) {
    const caller = callerOf(request)
    if (request.params.id === caller.homeTenantId)
      throw new ApiError(409, 'OWN_TENANT', 'You cannot deactivate the tenant that you belong to.')
    const gone = { status: 'deactivated', deactivatedAt: deps.now() } as const
    return await apply(request, deps, request.params.id, 'tenants.deactivate', before =>
      before.status === gone.status ? {} : gone,
    )
  },
})

const reactivate = route({
  method: 'post',
  path: `${path}/{id}/reactivate`,
  action: 'tenants.deactivate',
  tag,
  summary: 'Reactivate a tenant: its people and keys come in again, and what waited is sent',
  params: IdParams,
  returns: TenantView,
  handle: (request, deps: GatewayDeps) =>
    apply(request, deps, request.params.id, 'tenants.reactivate', () => ({ status: 'active', deactivatedAt: null })),
})

export const tenantRoutes = [list, add, read, status, ...change, deactivate, reactivate]

/**
 * The tenant that a caller names: any for a platform admin, else their own. Another one is answered before anything is read, whether
 * it exists or not. @throws ApiError 404
 */
function ownOrAny(caller: Caller, id: string): string {
  if (id !== caller.tenantId && !caller.may('tenants.any')) throw notFound('Tenant')
  return id
}

async function apply(
  request: Pick<RouteRequest<unknown, unknown, unknown>, 'caller' | 'ip'>,
  deps: GatewayDeps,
  id: string,
  action: 'tenants.update' | 'tenants.deactivate' | 'tenants.reactivate',
  decide: Parameters<typeof changeTenant>[2],
): Promise<Reply> {
  const caller = callerOf(request)
  const entry = audited<ChangedTenant>(request, deps, ({ before, after }) => {
    const changes = { ...changesOf(before, after, ['name', 'status']), ...ceilingChanges(before, after) }
    return Object.keys(changes).length === 0 ? null : { action, object: { kind: 'tenant', id }, changes, tenantId: after._id }
  })
  const { before, after } = await changeTenant(deps.store, id, decide, toId(caller.id), entry)
  rescheduleIfRaised(deps, before, after.limits)
  if (before.status === 'active' && after.status !== 'active') await announceRevocation(deps, { tenantId: id, userId: null })
  return { body: tenantView(after) }
}

function ceilingChanges(before: TenantDoc, after: TenantDoc) {
  const changes = changesOf(before.ceilings ?? {}, after.ceilings ?? {}, LIMIT_FIELDS)
  return Object.fromEntries(Object.entries(changes).map(([field, change]) => [`ceilings.${field}`, change]))
}

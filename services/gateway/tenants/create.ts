import { createLink, type NewLink } from '#shared/auth/account-links.ts'
import { callerOf, type RouteRequest } from '#shared/http/route.ts'
import type { Id, SendLimits, TenantDoc, UserDoc } from '#shared/model/documents.ts'
import { toId } from '#shared/model/ids.ts'
import { emailTaken, insertUserWithin } from '#shared/store/accounts/people.ts'
import { findTenant, insertTenant } from '#shared/store/accounts/tenants.ts'
import { getFirstAdmin } from '#shared/store/accounts/users.ts'
import { ensureDefaultPipeline } from '#shared/store/contacts/pipelines.ts'
import { isDuplicateKey } from '#shared/store/errors.ts'
import { asTenant } from '#shared/store/tenancy/tenancy.ts'
import { audited } from '../audit.ts'
import type { GatewayDeps } from '../deps.ts'
import { createOnce, type Once } from '../idempotency.ts'
import { createdEntry, newLinkFor } from '../people/create.ts'

export interface Company {
  name: string
  admin: { email: string; name: string }
  settings?: Partial<TenantDoc['settings']> | undefined
  ceilings?: SendLimits | undefined
}

export interface CreatedCompany {
  tenant: TenantDoc
  admin: UserDoc
  link: NewLink
}

/**
 * Adds a tenant with its first admin, who is invited by a link. Both are there or neither. @throws ApiError 409 EMAIL_TAKEN
 */
export async function createCompany(
  request: RouteRequest<unknown, unknown, unknown>,
  deps: GatewayDeps,
  once: Once,
  company: Company,
): Promise<CreatedCompany> {
  let created: CreatedCompany | null = null
  const tenant = await createOnce(
    once,
    id => findTenant(deps.store, id),
    async id => {
      created = await asTenant(id, () => insertCompany(request, deps, id, company))
      return created.tenant
    },
  )
  return await asTenant(tenant._id, async () => {
    await ensureDefaultPipeline(deps.store, tenant._id)
    if (created !== null) return created
    // An earlier attempt came to the rows, but not to its answer: nobody has seen the link.
    const admin = await getFirstAdmin(deps.store, tenant._id)
    return { tenant, admin, link: await newLinkFor(request, deps, admin) }
  })
}

async function insertCompany(
  request: RouteRequest<unknown, unknown, unknown>,
  deps: GatewayDeps,
  id: Id,
  { name, admin, settings, ceilings }: Company,
): Promise<CreatedCompany> {
  const { kind, id: callerId } = callerOf(request)
  const by = kind === 'user' ? toId(callerId) : null
  const entries = audited<{ tenant: TenantDoc; user: UserDoc }>(request, deps, ({ tenant, user }) => [
    {
      action: 'tenants.create',
      object: { kind: 'tenant', id: String(tenant._id) },
      changes: { name: { before: null, after: tenant.name } },
      tenantId: tenant._id,
    },
    createdEntry(user),
  ])
  try {
    return await deps.store.transaction(async session => {
      const tenant = await insertTenant(deps.store, { _id: id, name, settings, ceilings, createdBy: by }, session)
      const fields = {
        ...admin,
        tenantId: id,
        role: 'tenant_admin',
        status: 'invited',
        passwordHash: null,
        createdBy: by,
      } as const
      const user = await insertUserWithin(deps.store, fields, session)
      const link = await createLink(deps.store, user, { by, now: deps.now() }, session)
      await entries({ tenant, user }, session)
      return { tenant, admin: user, link }
    })
  } catch (error) {
    throw isDuplicateKey(error) ? emailTaken(error) : error
  }
}

import { can } from '#shared/auth/policy.ts'
import { ApiError } from '#shared/domain/errors.ts'
import { toId } from '#shared/model/ids.ts'
import { audit } from '#shared/store/accounts/audit.ts'
import { getTenant } from '#shared/store/accounts/tenants.ts'
import type { Store } from '#shared/store/connect.ts'
import type { SocketAccess } from './authenticate.ts'

export type OrganizationRefusal = 'FORBIDDEN' | 'NOT_FOUND'

/**
 * Applies `organizationId` of the handshake, as the gateway does `X-Organization-Id`: it must name the user's own tenant; a platform
 * admin may be in any, which is audited in that tenant. @returns the access within that tenant, or why not. @throws Outage
 */
export async function inOrganization(
  store: Store,
  access: SocketAccess,
  { organizationId, ip }: { organizationId: unknown; ip: string },
): Promise<SocketAccess | OrganizationRefusal> {
  if (organizationId === undefined || organizationId === null) return access
  const asked = typeof organizationId === 'string' ? organizationId.trim().toLowerCase() : ''
  if (asked === access.homeTenantId) return access
  if (!can(access.role, 'tenants.any')) return 'FORBIDDEN'
  const tenant = /^[0-9a-f]{24}$/.test(asked) ? await findTenant(store, asked) : null
  if (tenant === null) return 'NOT_FOUND'
  await audit(store, {
    tenantId: tenant._id,
    actor: { kind: 'user', id: toId(access.userId), name: access.name },
    action: 'tenants.any',
    object: { kind: 'socket', id: 'connect' },
    ip,
  })
  return { ...access, tenantId: asked }
}

async function findTenant(store: Store, id: string) {
  return await getTenant(store, id).catch(error => {
    if (error instanceof ApiError) return null
    throw error
  })
}

import type { Request } from 'express'
import { verifyAccessToken } from '#shared/auth/access-token.ts'
import { findApiKey, isApiKey, keyMay } from '#shared/auth/api-keys.ts'
import { safeEqual } from '#shared/auth/constant-time.ts'
import { can, capRole, roleFromForeign } from '#shared/auth/policy.ts'
import { ApiError } from '#shared/domain/errors.ts'
import type { Caller } from '#shared/http/route.ts'
import type { Role, UserDoc } from '#shared/store/documents.ts'
import { getCachedTenant } from '#shared/store/tenants.ts'
import { findSessionUser, findUserByEmail } from '#shared/store/users.ts'
import type { GatewayDeps } from './deps.ts'

const unauthenticated = () =>
  new ApiError(401, 'UNAUTHENTICATED', 'The token or key is not valid', { headers: { 'www-authenticate': 'Bearer' } })

/** Who calls: a person's token, an API key, or the trusted gateway's headers. Null when nothing of it is there. */
export async function authenticate(request: Request, deps: GatewayDeps): Promise<Caller | null> {
  const forwarded = await forwardedCaller(request, deps)
  const [scheme, bearer] = (request.get('authorization') ?? '').split(' ')
  const hasBearer = scheme?.toLowerCase() === 'bearer' && bearer !== undefined
  if (forwarded !== null && hasBearer) throw new ApiError(400, 'TWO_IDENTITIES', 'Send a token or the gateway headers, not both')
  const caller = forwarded ?? (hasBearer ? await (isApiKey(bearer) ? keyCaller(bearer, deps) : tokenCaller(bearer, deps)) : null)
  return caller && inOrganization(caller, request.get('x-organization-id'))
}

async function tokenCaller(token: string, { store, config }: GatewayDeps): Promise<Caller> {
  const access = await verifyAccessToken(token, { secret: config.JWT_SECRET }).catch(() => null)
  const user = access && (await findSessionUser(store, access))
  if (!user || user.role !== access.role) throw unauthenticated()
  return userCaller(user, user.role, store)
}

async function userCaller(user: UserDoc, role: Role, store: GatewayDeps['store']): Promise<Caller> {
  const tenant = await getCachedTenant(store, user.tenantId)
  if (tenant.status !== 'active' && role !== 'platform_admin')
    throw new ApiError(403, 'TENANT_INACTIVE', 'This account is not active')
  return {
    kind: 'user',
    id: String(user._id),
    tenantId: String(user.tenantId),
    role,
    name: user.name,
    email: user.email,
    may: action => can(role, action),
  }
}

async function keyCaller(key: string, { store, now }: GatewayDeps): Promise<Caller> {
  const row = await findApiKey(store, key, now())
  if (row === null) throw unauthenticated()
  if ((await getCachedTenant(store, row.tenantId)).status !== 'active')
    throw new ApiError(403, 'TENANT_INACTIVE', 'This account is not active')
  return {
    kind: 'apiKey',
    id: String(row._id),
    tenantId: String(row.tenantId),
    role: row.role,
    name: row.name,
    email: null,
    may: action => keyMay(row, action),
  }
}

/**
 * Seed 002: identity in `email` and `role` headers, from a proxy that proves itself by a shared secret. Without the secret
 * the headers do not exist; the role is capped by the stored user's.
 */
async function forwardedCaller(request: Request, { store, config }: GatewayDeps): Promise<Caller | null> {
  const secret = request.get('x-gateway-secret')
  if (config.TRUSTED_GATEWAY_SECRET === undefined || secret === undefined || !safeEqual(secret, config.TRUSTED_GATEWAY_SECRET))
    return null
  const { email, role } = request.headers
  if (email === undefined) return null
  if (typeof email !== 'string' || email.includes(',') || typeof role !== 'string' || role.includes(',')) throw unauthenticated()
  const user = await findUserByEmail(store, email)
  if (user === null || user.status !== 'active' || user.deletedAt) throw unauthenticated()
  const wanted = roleFromForeign(role, user.role)
  if (wanted === null) throw unauthenticated()
  return userCaller(user, capRole(wanted, user.role), store)
}

/** The header must name the caller's own tenant; a platform admin may name any, and then acts there. */
function inOrganization(caller: Caller, organization: string | undefined): Caller {
  if (organization === undefined || organization === caller.tenantId) return caller
  if (caller.role !== 'platform_admin' || !/^[0-9a-f]{24}$/.test(organization))
    throw new ApiError(403, 'FORBIDDEN', 'This organization is not yours')
  return { ...caller, tenantId: organization }
}

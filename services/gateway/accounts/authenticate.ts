import { createHash } from 'node:crypto'
import type { Request } from 'express'
import { type VerifiedAccess, verifyAccessToken } from '#shared/auth/access-token.ts'
import { findApiKey, isApiKey, keyMay } from '#shared/auth/api-keys.ts'
import { safeEqual } from '#shared/auth/constant-time.ts'
import { can, capRole, roleFromForeign } from '#shared/auth/policy.ts'
import { ApiError, notFound } from '#shared/domain/errors.ts'
import type { Caller } from '#shared/http/route.ts'
import type { Role, UserDoc } from '#shared/model/documents.ts'
import { toId } from '#shared/model/ids.ts'
import { audit } from '#shared/store/accounts/audit.ts'
import { getTenant } from '#shared/store/accounts/tenants.ts'
import { findSessionUser, findUserByEmail } from '#shared/store/accounts/users.ts'
import type { Store } from '#shared/store/connect.ts'
import { perStore } from '#shared/store/per-store.ts'
import { TtlCache } from '#shared/store/ttl-cache.ts'
import type { GatewayDeps } from '../deps.ts'

const unauthenticated = () =>
  new ApiError(401, 'UNAUTHENTICATED', 'The access token or API key is not valid.', { headers: { 'www-authenticate': 'Bearer' } })

/** Lifetime of a cached identity; a disabled user or tenant is refused after at most this long. */
const IDENTITY_TTL_MS = 1000
const identitiesOf = perStore(() => new TtlCache<string, Caller>(10_000))

/**
 * Caller of a request, by access token, API key or the headers of the trusted gateway; null when it carries none of these.
 * @throws ApiError 400 TWO_IDENTITIES, 401 UNAUTHENTICATED, 403 FORBIDDEN or TENANT_INACTIVE, 404 for an unknown organization
 */
export async function authenticate(request: Request, deps: GatewayDeps): Promise<Caller | null> {
  const forwarded = await forwardedCaller(request, deps)
  const bearer = bearerOf(request)
  if (forwarded !== null && bearer !== null)
    throw new ApiError(400, 'TWO_IDENTITIES', 'Send either a bearer token or the gateway headers, not both.')
  const caller = forwarded ?? (bearer === null ? null : await bearerCaller(bearer, deps))
  return caller && inOrganization(caller, request, deps)
}

/** Bearer token; null for another scheme. @throws ApiError 401 for more than one header, because either could be meant */
function bearerOf(request: Request): string | null {
  const given = request.headersDistinct.authorization ?? []
  if (given.length > 1) throw unauthenticated()
  return /^bearer +([^\s,]+)$/i.exec(given[0] ?? '')?.[1] ?? null
}

async function bearerCaller(bearer: string, deps: GatewayDeps): Promise<Caller> {
  if (bearer.length > 4096) throw unauthenticated()
  const access = isApiKey(bearer)
    ? null
    : await verifyAccessToken(bearer, { secret: deps.config.JWT_SECRET }).catch(() => Promise.reject(unauthenticated()))
  const cache = identitiesOf(deps.store)
  const key = createHash('sha256').update(bearer).digest('base64')
  const known = cache.get(key)
  if (known) return known
  const caller = access ? await tokenCaller(access, deps) : await keyCaller(bearer, deps)
  cache.set(key, caller, IDENTITY_TTL_MS)
  return caller
}

async function tokenCaller(access: VerifiedAccess, { store }: GatewayDeps): Promise<Caller> {
  const user = await findSessionUser(store, access)
  if (!user || user.role !== access.role) throw unauthenticated()
  return userCaller(user, user.role, store)
}

async function userCaller(user: UserDoc, role: Role, store: GatewayDeps['store']): Promise<Caller> {
  await requireActive(store, String(user.tenantId), role)
  return {
    kind: 'user',
    id: String(user._id),
    tenantId: String(user.tenantId),
    homeTenantId: String(user.tenantId),
    role,
    name: user.name,
    email: user.email,
    may: action => can(role, action),
  }
}

async function keyCaller(key: string, { store, now }: GatewayDeps): Promise<Caller> {
  const row = await findApiKey(store, key, now())
  if (row === null) throw unauthenticated()
  await requireActive(store, String(row.tenantId), row.role)
  return {
    kind: 'apiKey',
    id: String(row._id),
    tenantId: String(row.tenantId),
    homeTenantId: String(row.tenantId),
    role: row.role,
    name: row.name,
    email: null,
    may: action => keyMay(row, action),
  }
}

async function requireActive(store: Store, tenantId: string, role: Role): Promise<void> {
  const tenant = await getTenant(store, tenantId).catch(error => {
    throw error instanceof ApiError ? unauthenticated() : error
  })
  if (tenant.status !== 'active' && role !== 'platform_admin')
    throw new ApiError(403, 'TENANT_INACTIVE', 'This account is not active. Contact the operator of this platform.')
}

/**
 * Caller in the `email` and `role` headers of LinkoJob's gateway, which proves itself by a shared secret. Without the right secret
 * the headers are ignored. The role is capped by that of the stored user.
 */
async function forwardedCaller(request: Request, { store, config }: GatewayDeps): Promise<Caller | null> {
  const secret = request.get('x-gateway-secret')
  if (config.TRUSTED_GATEWAY_SECRET === undefined || secret === undefined || !safeEqual(secret, config.TRUSTED_GATEWAY_SECRET))
    return null
  const { email, role } = request.headersDistinct
  if (email === undefined) return null
  const [address, name] = [onlyOne(email), onlyOne(role)]
  if (address === null || name === null) throw unauthenticated()
  const user = await findUserByEmail(store, address)
  if (user === null || user.status !== 'active' || user.deletedAt) throw unauthenticated()
  const wanted = roleFromForeign(name, user.role)
  if (wanted === null) throw unauthenticated()
  return userCaller(user, capRole(wanted, user.role), store)
}

const onlyOne = (values: string[] | undefined) =>
  values?.length === 1 && !values[0]?.includes(',') ? (values[0] as string).trim() : null

/** Applies `X-Organization-Id`: it must name the caller's own tenant; a platform admin may act in any, which is audited. */
async function inOrganization(caller: Caller, request: Request, { store }: GatewayDeps): Promise<Caller> {
  const organization = request.get('x-organization-id')?.trim().toLowerCase()
  if (organization === undefined || organization === caller.tenantId) return caller
  if (!caller.may('tenants.any')) throw new ApiError(403, 'FORBIDDEN', 'You do not have access to this organization.')
  if (!/^[0-9a-f]{24}$/.test(organization)) throw notFound('Tenant')
  const tenant = await getTenant(store, organization)
  await audit(store, {
    tenantId: tenant._id,
    actor: { kind: caller.kind, id: toId(caller.id), name: caller.name },
    action: 'tenants.any',
    object: { kind: 'request', id: `${request.method} ${request.path}` },
    ip: request.ip ?? null,
  })
  return { ...caller, tenantId: organization }
}

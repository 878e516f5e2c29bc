import { createHash } from 'node:crypto'
import type { Request } from 'express'
import { InvalidAccessToken, type VerifiedAccess, verifyAccessToken } from '#shared/auth/access-token.ts'
import { linkInvalid } from '#shared/auth/account-links.ts'
import { findApiKey, isApiKey, keyMay } from '#shared/auth/api-keys.ts'
import { safeEqual } from '#shared/auth/constant-time.ts'
import { can, capRole, roleFromForeign } from '#shared/auth/policy.ts'
import { lacksSecondFactor } from '#shared/auth/second-factor.ts'
import { ApiError, notFound } from '#shared/domain/errors.ts'
import { networkOf } from '#shared/http/client-network.ts'
import type { Caller } from '#shared/http/route.ts'
import type { Role, TenantDoc, UserDoc } from '#shared/model/documents.ts'
import { toId } from '#shared/model/ids.ts'
import { authFailures } from '#shared/process/metrics.ts'
import { audit } from '#shared/store/accounts/audit.ts'
import { getTenant } from '#shared/store/accounts/tenants.ts'
import { findSessionUser, findUserByEmail } from '#shared/store/accounts/users.ts'
import type { Store } from '#shared/store/connect.ts'
import { isOutage } from '#shared/store/outage.ts'
import { TtlCache } from '#shared/store/ttl-cache.ts'
import type { GatewayDeps } from '../deps.ts'
import { RefusedIdentities } from './refused-identities.ts'

const unauthenticated = () =>
  new ApiError(401, 'UNAUTHENTICATED', 'The access token or API key is not valid.', { headers: { 'www-authenticate': 'Bearer' } })

/** Lifetime of a cached identity; a disabled user or tenant is refused after at most this long. */
const IDENTITY_TTL_MS = 1000
/** How long it is remembered how the last look-up of a token or key ended, and whom a token was found to be. */
const STANDING_TTL_MS = 15 * 60_000

/** What a process remembers about tokens and keys, each by its hash. */
class Identities {
  readonly callers = new TtlCache<string, Caller>(10_000)
  /** People as they were last found, for the routes that answer while MongoDB is away. */
  readonly remembered = new TtlCache<string, Caller>(10_000)
  readonly standings = new TtlCache<string, 'accepted' | 'refused'>(50_000)
  /** Look-ups under way: requests of one identity at the same moment share one. */
  readonly lookUps = new Map<string, Promise<Caller>>()
  readonly refused: RefusedIdentities

  constructor(deps: GatewayDeps) {
    this.refused = new RefusedIdentities(deps, deps.config.RATE_LIMIT_API)
  }
}

const identities = new WeakMap<Store, Identities>()

function identitiesOf(deps: GatewayDeps): Identities {
  const known = identities.get(deps.store) ?? new Identities(deps)
  identities.set(deps.store, known)
  return known
}

/**
 * Caller of a request, by access token, API key or the headers of the trusted gateway; null when it carries none of these.
 * @param mayRemember whether a person is accepted as this process last found them, for at most 15 minutes, while MongoDB is away
 * @throws ApiError 400 TWO_IDENTITIES, 401 UNAUTHENTICATED, 403 FORBIDDEN or TENANT_INACTIVE, 404 for an unknown organization, 429
 * RATE_LIMITED after too many refused identities from the network
 */
export async function authenticate(request: Request, deps: GatewayDeps, mayRemember = false): Promise<Caller | null> {
  const forwarded = await forwardedCaller(request, deps)
  const bearer = bearerOf(request)
  if (forwarded !== null && bearer !== null)
    throw new ApiError(400, 'TWO_IDENTITIES', 'Send either a bearer token or the gateway headers, not both.')
  const network = networkOf(request.ip ?? '')
  const caller = forwarded ?? (bearer === null ? null : await bearerCaller(bearer, network, deps, mayRemember))
  // Without MongoDB there is nothing of another organization to see, and no line for its audit log.
  if (caller !== null) return mayRemember && !deps.store.isReady() ? caller : await inOrganization(caller, request, deps)
  if (request.get('x-gateway-secret') !== undefined) {
    authFailures.inc({ kind: 'gateway', outcome: 'wrong' })
    await identitiesOf(deps).refused.count(network)
  }
  return null
}

/** Bearer token; null for another scheme. @throws ApiError 401 for more than one header, because either could be meant */
function bearerOf(request: Request): string | null {
  const given = request.headersDistinct.authorization ?? []
  if (given.length > 1) throw unauthenticated()
  return /^bearer +([^\s,]+)$/i.exec(given[0] ?? '')?.[1] ?? null
}

async function bearerCaller(bearer: string, network: string, deps: GatewayDeps, mayRemember: boolean): Promise<Caller> {
  const access = isApiKey(bearer) ? 'key' : accessIn(bearer, deps)
  // Every client shows an expired token now and then: it proves nothing, but it is no guess either.
  if (access === 'expired') throw unauthenticated()
  try {
    return await knownCaller({ access, bearer, network }, deps, mayRemember)
  } catch (error) {
    countFailure(access === 'key' ? 'key' : 'token', error)
    throw error
  }
}

async function knownCaller({ access, bearer, network }: Shown, deps: GatewayDeps, mayRemember: boolean): Promise<Caller> {
  const known = identitiesOf(deps)
  if (access === 'invalid' || bearer.length > LONGEST_BEARER) {
    await known.refused.count(network)
    throw unauthenticated()
  }
  const key = createHash('sha256').update(bearer).digest('base64')
  const caller = known.callers.get(key)
  if (caller) return caller
  const remembered = mayRemember ? known.remembered.get(key) : undefined
  if (remembered && !deps.store.isReady()) return remembered
  return await lookUp(key, { access, bearer, network }, deps).catch(error => {
    if (remembered && isOutage(error)) return remembered
    throw error
  })
}

const LONGEST_BEARER = 4096

type Shown = Omit<Bearer, 'access'> & { access: Bearer['access'] | 'invalid' }

function countFailure(kind: 'token' | 'key' | 'link', error: unknown): void {
  if (!(error instanceof ApiError)) return
  if (error.status === 401 || error.status === 410) authFailures.inc({ kind, outcome: 'wrong' })
  if (error.status === 429) authFailures.inc({ kind, outcome: 'limited' })
}

/**
 * Looks up what a one-time link stands for. A link that does not work counts against the client's network like a wrong token.
 * @throws ApiError 410 LINK_INVALID, 429 RATE_LIMITED
 */
export async function lookUpLink<T>(deps: GatewayDeps, ip: string, find: () => Promise<T | null>): Promise<T> {
  const { refused } = identitiesOf(deps)
  const network = networkOf(ip)
  try {
    const found = await refused.lookUp(network, find)
    if (found !== null) return found
    await refused.count(network)
    throw linkInvalid()
  } catch (error) {
    countFailure('link', error)
    throw error
  }
}

function accessIn(bearer: string, { config }: GatewayDeps): VerifiedAccess | 'invalid' | 'expired' {
  try {
    return verifyAccessToken(bearer, { secret: config.JWT_SECRET })
  } catch (error) {
    if (error instanceof InvalidAccessToken) return error.reason
    throw error
  }
}

interface Bearer {
  access: VerifiedAccess | 'key'
  bearer: string
  network: string
}

/**
 * Caller of a token or key by the store. What was accepted before, or carries our signature, is looked up also when its network is
 * held: others in an office go on working while one of their programs has a wrong key.
 */
async function lookUp(key: string, { access, bearer, network }: Bearer, deps: GatewayDeps): Promise<Caller> {
  const { callers, remembered, standings, lookUps, refused } = identitiesOf(deps)
  const standing = standings.get(key) ?? (access === 'key' ? 'unknown' : 'accepted')
  const read = () =>
    shared(lookUps, key, async () => {
      const caller = await (access === 'key' ? keyCaller(bearer, deps) : tokenCaller(access, deps)).catch(error => {
        if (error instanceof ApiError) remembered.delete(key)
        if (error instanceof ApiError && error.status === 401) standings.set(key, 'refused', STANDING_TTL_MS)
        throw error
      })
      callers.set(key, caller, IDENTITY_TTL_MS)
      if (access !== 'key') remembered.set(key, caller, STANDING_TTL_MS)
      standings.set(key, 'accepted', STANDING_TTL_MS)
      return caller
    })
  return await (standing === 'accepted' ? refused.counting(network, read) : refused.lookUp(network, read))
}

/** The result of work that is under way for this key already, or of new work. */
function shared<T>(underWay: Map<string, Promise<T>>, key: string, work: () => Promise<T>): Promise<T> {
  const present = underWay.get(key)
  if (present) return present
  const begun = work().finally(() => underWay.delete(key))
  underWay.set(key, begun)
  return begun
}

async function tokenCaller(access: VerifiedAccess, { store }: GatewayDeps): Promise<Caller> {
  const user = await findSessionUser(store, access)
  if (!user || user.role !== access.role) throw unauthenticated()
  return userCaller(user, user.role, store)
}

async function userCaller(user: UserDoc, role: Role, store: GatewayDeps['store']): Promise<Caller> {
  const { settings } = await requireActive(store, String(user.tenantId), role)
  const isHeld = lacksSecondFactor(user, settings)
  return {
    kind: 'user',
    id: String(user._id),
    tenantId: String(user.tenantId),
    homeTenantId: String(user.tenantId),
    role,
    name: user.name,
    email: user.email,
    may: action => can(role, action) && (!isHeld || action.startsWith('session.')),
    ...(isHeld && { refusal: SECOND_FACTOR_MISSING }),
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

const SECOND_FACTOR_MISSING = {
  errorCode: 'SECOND_FACTOR_MISSING',
  detail: 'Your company asks for a second factor. Set one up first: POST /api/v1/auth/second-factor.',
}

async function requireActive(store: Store, tenantId: string, role: Role): Promise<TenantDoc> {
  const tenant = await getTenant(store, tenantId).catch(error => {
    throw error instanceof ApiError ? unauthenticated() : error
  })
  if (tenant.status !== 'active' && role !== 'platform_admin')
    throw new ApiError(403, 'TENANT_INACTIVE', 'This account is not active. Contact the operator of this platform.')
  return tenant
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

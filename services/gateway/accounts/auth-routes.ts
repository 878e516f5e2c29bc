import { z } from 'zod'
import { signAccessToken } from '#shared/auth/access-token.ts'
import { passwordProblem } from '#shared/auth/password-rules.ts'
import { hashPassword, verifyPassword, verifyUnknown } from '#shared/auth/passwords.ts'
import { issueRefreshToken, revokeRefreshToken, revokeUserTokens, rotateRefreshToken } from '#shared/auth/refresh-tokens.ts'
import { AVAILABILITIES } from '#shared/contracts/availability.ts'
import { revocationChannel } from '#shared/contracts/revocation.ts'
import { ApiError } from '#shared/domain/errors.ts'
import { callerOf, type Reply, route } from '#shared/http/route.ts'
import type { UserDoc } from '#shared/model/documents.ts'
import { getTenant } from '#shared/store/accounts/tenants.ts'
import {
  findUser,
  findUserByEmail,
  getUser,
  raiseTokenVersion,
  replacePasswordHash,
  touchUser,
} from '#shared/store/accounts/users.ts'
import { asTenant } from '#shared/store/tenancy/tenancy.ts'
import type { GatewayDeps } from '../deps.ts'
import { lockout } from './lockout.ts'

const tag = 'auth'
const COOKIE = 'linko_refresh'
const UserView = z.object({
  id: z.string(),
  email: z.string(),
  name: z.string(),
  role: z.string(),
  tenantId: z.string(),
  /** Absent for an API key. */
  availability: z.enum(AVAILABILITIES).optional(),
})
const Session = z.object({
  accessToken: z.string(),
  tokenType: z.literal('Bearer'),
  expiresIn: z.number().int(),
  refreshToken: z.string().optional(),
  user: UserView,
})

const LoginBody = z.strictObject({
  email: z.string().min(3).max(320),
  password: z.string().min(1).max(1024),
  /** `api`: the refresh token is returned in the body instead of a cookie. */
  client: z.literal('api').optional(),
})

const login = route({
  method: 'post',
  path: '/api/v1/auth/login',
  action: null,
  bucket: 'auth',
  tag,
  summary: 'Sign in with e-mail and password',
  body: LoginBody,
  returns: Session,
  async handle(request, deps: GatewayDeps) {
    const email = request.body.email.trim().toLowerCase()
    const guard = lockout(deps, email, request.ip)
    await guard.attempt()
    const user = await verified(deps, email, request.body.password)
    if (user === null) throw new ApiError(401, 'LOGIN_FAILED', 'The e-mail address or password is wrong.')
    await guard.passed()
    const userAgent = request.headers['user-agent'] ?? null
    const refresh = await issueRefreshToken(
      deps.store,
      { userId: user._id, tenantId: user.tenantId },
      { ttlMs: deps.config.JWT_REFRESH_TTL, userAgent },
    )
    await touchUser(deps.store, user.tenantId, user._id, deps.now())
    return session(deps, user, refresh.token, request.body.client === 'api')
  },
})

/** The user, if the password is right and both user and tenant are active. Takes equally long for an unknown e-mail address. */
async function verified({ store }: GatewayDeps, email: string, password: string): Promise<UserDoc | null> {
  const user = await findUserByEmail(store, email)
  if (user === null || user.deletedAt) {
    await verifyUnknown(password)
    return null
  }
  const { ok, needsRehash } = await verifyPassword(user.passwordHash, password)
  if (!ok || user.status !== 'active') return null
  if (!(await isAllowedIn(store, user))) return null
  if (needsRehash) await replacePasswordHash(store, user, await hashPassword(password))
  return user
}

const isAllowedIn = async (store: GatewayDeps['store'], user: UserDoc) =>
  user.role === 'platform_admin' || (await getTenant(store, user.tenantId)).status === 'active'

const RefreshBody = z.strictObject({ refreshToken: z.string().min(1).max(512).optional() })

const refresh = route({
  method: 'post',
  path: '/api/v1/auth/refresh',
  action: null,
  bucket: 'auth',
  tag,
  summary: 'Exchange a refresh token (cookie or body) for a new access token and a new refresh token',
  body: RefreshBody,
  returns: Session,
  async handle(request, deps: GatewayDeps) {
    const given = tokenOf(request, deps)
    const rotation = await rotateRefreshToken(deps.store, given.token, {
      ttlMs: deps.config.JWT_REFRESH_TTL,
      userAgent: request.headers['user-agent'] ?? null,
    })
    if (rotation.kind !== 'rotated')
      throw new ApiError(
        401,
        rotation.kind === 'reused' ? 'REFRESH_REUSED' : 'REFRESH_INVALID',
        'The session is not valid. Sign in again.',
      )
    const user = await findUser(deps.store, rotation.tenantId, rotation.userId)
    if (user?.status !== 'active' || !(await isAllowedIn(deps.store, user)))
      throw new ApiError(401, 'REFRESH_INVALID', 'The session is not valid. Sign in again.')
    return session(deps, user, rotation.token, given.fromBody)
  },
})

const logout = route({
  method: 'post',
  path: '/api/v1/auth/logout',
  action: null,
  bucket: 'auth',
  tag,
  summary: 'End the session and revoke its refresh token',
  body: RefreshBody,
  status: 204,
  async handle(request, deps: GatewayDeps) {
    const token = request.body.refreshToken ?? ownCookie(request.headers, deps)
    if (token) await revokeRefreshToken(deps.store, token)
    return { headers: { 'set-cookie': `${COOKIE}=; Path=/api/v1/auth; HttpOnly; SameSite=Strict; Max-Age=0` } }
  },
})

const me = route({
  method: 'get',
  path: '/api/v1/auth/me',
  action: 'session.read',
  tag,
  summary: 'Get the authenticated user or API key',
  returns: UserView,
  async handle(request, { store }: GatewayDeps) {
    const { kind, id, homeTenantId: tenantId, name, role } = callerOf(request)
    if (kind === 'apiKey') return { body: { id, email: '', name, role, tenantId } }
    const user = await asTenant(tenantId, () => getUser(store, tenantId, id))
    return { body: { ...userView(user), role } }
  },
})

const password = route({
  method: 'post',
  path: '/api/v1/auth/password',
  action: 'session.write',
  bucket: 'auth',
  tag,
  summary: 'Change your password and end all your sessions',
  body: z.strictObject({ currentPassword: z.string().min(1).max(1024), newPassword: z.string().min(1).max(1024) }),
  status: 204,
  async handle(request, deps: GatewayDeps) {
    const { kind, id, homeTenantId } = callerOf(request)
    if (kind !== 'user') throw new ApiError(403, 'FORBIDDEN', 'An API key has no password. Sign in as a user.')
    await asTenant(homeTenantId, () => changePassword(deps, homeTenantId, id, request.body))
    return {}
  },
})

async function changePassword(
  deps: GatewayDeps,
  tenantId: string,
  id: string,
  { currentPassword, newPassword }: { currentPassword: string; newPassword: string },
): Promise<void> {
  const user = await getUser(deps.store, tenantId, id)
  if (!(await verifyPassword(user.passwordHash, currentPassword)).ok)
    throw new ApiError(422, 'PASSWORD_WRONG', 'The current password is wrong.')
  const problem = passwordProblem(newPassword, user)
  if (problem !== null) throw new ApiError(422, 'PASSWORD_WEAK', problem, { errors: [{ path: 'newPassword', message: problem }] })
  if (!(await replacePasswordHash(deps.store, user, await hashPassword(newPassword))))
    throw new ApiError(409, 'CONFLICT', 'The password was changed by another request. Sign in again.')
  await raiseTokenVersion(deps.store, tenantId, id)
  await revokeUserTokens(deps.store, tenantId, id)
  await emitRevoked(deps, tenantId, id)
}

export const authRoutes = [login, refresh, logout, me, password]

async function session({ config }: GatewayDeps, user: UserDoc, refreshToken: string, inBody: boolean): Promise<Reply> {
  const { email, name, role, tokenVersion } = user
  const claims = { userId: String(user._id), tenantId: String(user.tenantId), role, tokenVersion, email, name }
  const accessToken = await signAccessToken(claims, { secret: config.JWT_SECRET, ttlMs: config.JWT_ACCESS_TTL })
  const body = { accessToken, tokenType: 'Bearer', expiresIn: Math.floor(config.JWT_ACCESS_TTL / 1000), user: userView(user) }
  if (inBody) return { body: { ...body, refreshToken } }
  const secure = config.BASE_URL.startsWith('https://') ? '; Secure' : ''
  const cookie = `${COOKIE}=${refreshToken}; Path=/api/v1/auth; HttpOnly; SameSite=Strict; Max-Age=${Math.floor(config.JWT_REFRESH_TTL / 1000)}${secure}`
  return { body, headers: { 'set-cookie': cookie } }
}

function tokenOf(
  request: { body: { refreshToken?: string }; headers: Record<string, string | undefined> },
  deps: GatewayDeps,
): { token: string; fromBody: boolean } {
  const { refreshToken } = request.body
  if (refreshToken !== undefined) return { token: refreshToken, fromBody: true }
  const token = ownCookie(request.headers, deps)
  if (token === null) throw new ApiError(401, 'REFRESH_INVALID', 'The session is not valid. Sign in again.')
  return { token, fromBody: false }
}

/** Refresh token from the cookie. A request with a foreign `Origin` is treated as if it had none, against CSRF. */
function ownCookie({ origin, cookie }: Record<string, string | undefined>, { config }: GatewayDeps): string | null {
  const own = [...config.CORS_ORIGIN, originOf(config.BASE_URL), originOf(config.DASHBOARD_URL)]
  return origin === undefined || own.includes(origin) ? cookieOf(cookie) : null
}

const originOf = (address: string | undefined) => address && new URL(address).origin

function cookieOf(header: string | undefined): string | null {
  const pair = (header ?? '').split(/;\s*/).find(part => part.startsWith(`${COOKIE}=`))
  return pair?.slice(COOKIE.length + 1) || null
}

const userView = (user: UserDoc) => ({
  id: String(user._id),
  email: user.email,
  name: user.name,
  role: user.role,
  tenantId: String(user.tenantId),
  availability: user.availability ?? ('available' as const),
})

/** Announces revoked sessions to realtime, which also checks them by itself: a lost announcement only delays. */
async function emitRevoked({ redis, store, log }: GatewayDeps, tenantId: string, userId: string): Promise<void> {
  const hint = JSON.stringify({ tenantId, userId })
  await redis
    .publish(revocationChannel(store.connection.name), hint)
    .catch(error => log.warn({ err: error }, 'session revocation not published'))
}

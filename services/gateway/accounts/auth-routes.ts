import { z } from 'zod'
import { issueRefreshToken, revokeRefreshToken, rotateRefreshToken } from '#shared/auth/refresh-tokens.ts'
import { AVAILABILITIES } from '#shared/contracts/availability.ts'
import { ApiError } from '#shared/domain/errors.ts'
import { callerOf, route } from '#shared/http/route.ts'
import { clearLocked, findUser, getUser, touchUser } from '#shared/store/accounts/users.ts'
import { asTenant } from '#shared/store/tenancy/tenancy.ts'
import type { GatewayDeps } from '../deps.ts'
import { changePassword } from './change-password.ts'
import { NO_COOKIE, ownCookie, session, tokenOf, userView } from './session.ts'
import { isAllowedIn, signIn } from './sign-in.ts'

const tag = 'auth'
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
const SignedIn = Session.extend({
  lastLockedAt: z.iso
    .datetime()
    .nullable()
    .describe(
      'When sign-ins to this account were locked after too many wrong passwords, since the sign-in before; null if never',
    ),
})

const LoginBody = z.strictObject({
  email: z.string().min(3).max(320),
  password: z.string().min(1).max(1024),
  code: z
    .string()
    .trim()
    .min(6)
    .max(40)
    .optional()
    .describe('Of the second factor, or a recovery code; 401 CODE_REQUIRED asks for it'),
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
  returns: SignedIn,
  async handle(request, deps: GatewayDeps) {
    const { email, password, code, client } = request.body
    const user = await signIn(deps, { email, password, code, ip: request.ip })
    const userAgent = request.headers['user-agent'] ?? null
    const refresh = await issueRefreshToken(
      deps.store,
      { userId: user._id, tenantId: user.tenantId },
      { ttlMs: deps.config.JWT_REFRESH_TTL, userAgent, ip: request.ip },
    )
    await touchUser(deps.store, user.tenantId, user._id, deps.now())
    await clearLocked(deps.store, user)
    const { body, headers } = session(deps, user, refresh.token, client === 'api')
    return { body: { ...body, lastLockedAt: user.lastLockedAt?.toISOString() ?? null }, headers }
  },
})

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
      ip: request.ip,
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
    await touchUser(deps.store, user.tenantId, user._id, deps.now())
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
    return { headers: NO_COOKIE }
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
    const { body, ip } = request
    await asTenant(homeTenantId, () => changePassword(deps, { tenantId: homeTenantId, id, ip }, body))
    return {}
  },
})

export const authRoutes = [login, refresh, logout, me, password]

import { signAccessToken } from '#shared/auth/access-token.ts'
import { ApiError } from '#shared/domain/errors.ts'
import type { UserDoc } from '#shared/model/documents.ts'
import type { GatewayConfig } from '../config.ts'
import type { GatewayDeps } from '../deps.ts'

const COOKIE = 'linko_refresh'
/** Removes the cookie of the refresh token. */
export const NO_COOKIE = { 'set-cookie': `${COOKIE}=; Path=/api/v1/auth; HttpOnly; SameSite=Strict; Max-Age=0` }

/** Answer with a new access token, and the refresh token in the body or in a cookie. */
export function session({ config }: GatewayDeps, user: UserDoc, refreshToken: string, inBody: boolean) {
  const { role, tokenVersion } = user
  const claims = { userId: String(user._id), tenantId: String(user.tenantId), role, tokenVersion }
  const accessToken = signAccessToken(claims, { secret: config.JWT_SECRET, ttlMs: config.JWT_ACCESS_TTL })
  const body = { accessToken, tokenType: 'Bearer', expiresIn: Math.floor(config.JWT_ACCESS_TTL / 1000), user: userView(user) }
  if (inBody) return { body: { ...body, refreshToken } }
  return { body, headers: { 'set-cookie': refreshCookie(config, refreshToken) } }
}

/** Cookie that holds a refresh token. */
export function refreshCookie(config: Pick<GatewayConfig, 'BASE_URL' | 'JWT_REFRESH_TTL'>, refreshToken: string): string {
  const secure = config.BASE_URL.startsWith('https://') ? '; Secure' : ''
  const maxAge = Math.floor(config.JWT_REFRESH_TTL / 1000)
  return `${COOKIE}=${refreshToken}; Path=/api/v1/auth; HttpOnly; SameSite=Strict; Max-Age=${maxAge}${secure}`
}

/** Refresh token of a request, from its body or the cookie. @throws ApiError 401 REFRESH_INVALID */
export function tokenOf(
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
export function ownCookie({ origin, cookie }: Record<string, string | undefined>, { config }: GatewayDeps): string | null {
  const own = [...config.CORS_ORIGIN, originOf(config.BASE_URL), originOf(config.DASHBOARD_URL)]
  return origin === undefined || own.includes(origin) ? cookieOf(cookie, COOKIE) : null
}

const originOf = (address: string | undefined) => address && new URL(address).origin

/** Value of a cookie of a request; null without it. */
export function cookieOf(header: string | undefined, name: string): string | null {
  const pair = (header ?? '').split(/;\s*/).find(part => part.startsWith(`${name}=`))
  return pair?.slice(name.length + 1) || null
}

/** A user as they see themselves. */
export const userView = (user: UserDoc) => ({
  id: String(user._id),
  email: user.email,
  name: user.name,
  role: user.role,
  tenantId: String(user.tenantId),
  availability: user.availability ?? ('available' as const),
})

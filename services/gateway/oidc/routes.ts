import { z } from 'zod'
import { issueRefreshToken } from '#shared/auth/refresh-tokens.ts'
import { ApiError } from '#shared/domain/errors.ts'
import { type RouteRequest, route } from '#shared/http/route.ts'
import { authFailures } from '#shared/process/metrics.ts'
import { touchUser } from '#shared/store/accounts/users.ts'
import { cookieOf, refreshCookie } from '../accounts/session.ts'
import type { GatewayDeps } from '../deps.ts'
import { accountOf } from './account.ts'
import { type Memo, openMemo, sealMemo } from './memo.ts'
import { beginSignIn, claimsOf, MEMO_TTL_MS, providerOf } from './provider.ts'

const tag = 'auth'
const PATH = '/api/v1/auth/oidc'
const COOKIE = 'linko_oidc'

const methods = route({
  method: 'get',
  path: '/api/v1/auth/methods',
  action: null,
  tag,
  summary: 'See how people sign in on this platform',
  returns: z.object({
    password: z.boolean(),
    oidc: z.object({ name: z.string(), startUrl: z.string() }).nullable(),
  }),
  async handle(_request, { config }: GatewayDeps) {
    const oidc = config.OIDC_ISSUER ? { name: config.OIDC_NAME, startUrl: `${baseOf(config.BASE_URL)}${PATH}/start` } : null
    return { body: { password: config.PASSWORD_SIGN_IN, oidc } }
  },
})

const start = route({
  method: 'get',
  path: `${PATH}/start`,
  action: null,
  bucket: 'auth',
  tag,
  summary: 'Sign in at the identity provider: sends the browser there',
  query: z.strictObject({ returnTo: z.string().max(500).optional().describe('Page of the dashboard to go on with') }),
  status: 302,
  async handle(request, { config, now }: GatewayDeps) {
    const { url, memo } = await beginSignIn(providerOf(config), {
      callback: callbackOf(config.BASE_URL),
      returnTo: request.query.returnTo,
      now: now(),
    })
    return {
      headers: { location: url, 'set-cookie': memoCookie(config.BASE_URL, sealMemo(memo, config.JWT_SECRET), MEMO_TTL_MS) },
    }
  },
})

const finish = route({
  method: 'get',
  path: `${PATH}/callback`,
  action: null,
  bucket: 'auth',
  tag,
  summary: 'Where the identity provider sends the browser back to; ends on the dashboard, signed in or with `error`',
  // Providers add parameters of their own.
  query: z.record(z.string(), z.string().max(8192)),
  status: 302,
  async handle(request, deps: GatewayDeps) {
    const { config } = deps
    const memo = memoOf(request.headers, deps)
    const dashboard = baseOf(config.DASHBOARD_URL ?? config.BASE_URL)
    const forget = memoCookie(config.BASE_URL, '', 0)
    try {
      const cookie = await signInElsewhere(request, deps, memo)
      return { headers: { location: `${dashboard}${memo?.returnTo ?? '/'}`, 'set-cookie': [forget, cookie] } }
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      authFailures.inc({ kind: 'oidc', outcome: 'wrong' })
      deps.log.warn({ errorCode: error.errorCode, err: error.cause }, 'sign-in at the identity provider refused')
      return { headers: { location: `${dashboard}/login?error=${error.errorCode}`, 'set-cookie': forget } }
    }
  },
})

export const oidcRoutes = [methods, start, finish]

/** The refresh cookie of who signed in. @throws ApiError */
async function signInElsewhere(
  request: RouteRequest<unknown, Record<string, string>, unknown>,
  { store, config, now }: GatewayDeps,
  memo: Memo | null,
): Promise<string> {
  const provider = providerOf(config)
  if (memo === null) throw new ApiError(401, 'OIDC_STATE', 'The sign-in took too long, or began in another browser. Start again.')
  const returned = new URL(callbackOf(config.BASE_URL))
  for (const [name, value] of Object.entries(request.query)) returned.searchParams.append(name, value)
  const claims = await claimsOf(provider, returned, memo)
  const roles = { claim: config.OIDC_ROLE_CLAIM ?? null, map: config.OIDC_ROLE_MAP }
  const tenantId = config.OIDC_TENANT_ID ?? null
  const user = await accountOf(store, { issuer: provider.issuer, claims, roles, tenantId, ip: request.ip })
  const owner = { userId: user._id, tenantId: user.tenantId }
  const userAgent = request.headers['user-agent'] ?? null
  const { token } = await issueRefreshToken(store, owner, { ttlMs: config.JWT_REFRESH_TTL, userAgent, ip: request.ip })
  await touchUser(store, user.tenantId, user._id, now())
  return refreshCookie(config, token)
}

function memoOf({ cookie }: RouteRequest<unknown, unknown, unknown>['headers'], { config, now }: GatewayDeps): Memo | null {
  const value = cookieOf(cookie, COOKIE)
  try {
    return value === null ? null : openMemo(value, config.JWT_SECRET, now())
  } catch {
    return null
  }
}

/** Lax, not strict: the provider's page leads back here. */
const memoCookie = (baseUrl: string, value: string, ttlMs: number): string =>
  `${COOKIE}=${value}; Path=${PATH}; HttpOnly; SameSite=Lax; Max-Age=${ttlMs / 1000}${baseUrl.startsWith('https://') ? '; Secure' : ''}`

const baseOf = (address: string) => address.replace(/\/+$/, '')
const callbackOf = (baseUrl: string) => `${baseOf(baseUrl)}${PATH}/callback`

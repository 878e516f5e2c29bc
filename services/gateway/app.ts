import { createHash } from 'node:crypto'
import type { Express, RequestHandler } from 'express'
import { seesOwnOnly } from '#shared/domain/inbox/visibility.ts'
import { createHttpApp } from '#shared/http/app.ts'
import { networkOf } from '#shared/http/client-network.ts'
import { lesserQuota, type Quota } from '#shared/http/rate-limit.ts'
import type { Caller, Route } from '#shared/http/route.ts'
import { toId } from '#shared/model/ids.ts'
import { authFailures } from '#shared/process/metrics.ts'
import { getCachedTenant } from '#shared/store/accounts/tenants.ts'
import { isOutage } from '#shared/store/outage.ts'
import { asTenant } from '#shared/store/tenancy/tenancy.ts'
import { authenticate } from './accounts/authenticate.ts'
import type { GatewayDeps } from './deps.ts'
import { routes } from './routes.ts'

/**
 * Express app of the REST API; opens no connection, so tests can build it.
 * @param pages answers what is no route: the dashboard
 */
export function createApp(deps: GatewayDeps, pages?: RequestHandler): Express {
  return createHttpApp({
    routes,
    deps,
    log: deps.log,
    corsOrigins: deps.config.CORS_ORIGIN,
    trustProxy: deps.config.TRUST_PROXY,
    authenticate: (request, { worksWithoutDatabase }) => authenticate(request, deps, worksWithoutDatabase),
    limit: (route, caller, ip, body) => limit(deps, route, caller, ip, body),
    within: async (caller, work) => asTenant(caller.tenantId, work, await viewerOf(deps.store, caller)),
    isOutage: error => isOutage(error) || isContended(error),
    ...(pages && { pages }),
  })
}

/** The user whose own conversations alone the request may see; null for everybody else. */
async function viewerOf(store: GatewayDeps['store'], caller: Caller) {
  if (caller.kind !== 'user' || caller.role !== 'agent') return null
  const { settings } = await getCachedTenant(store, caller.tenantId)
  return seesOwnOnly(settings, caller) ? toId(caller.id) : null
}

/** Whether a transaction gave up after repeated write conflicts. */
const isContended = (error: unknown): boolean =>
  error instanceof Error && (error as { errorLabelSet?: Set<string> }).errorLabelSet?.has('TransientTransactionError') === true

/** Factor of the read limit over the write limit: a dashboard reads more often than it writes. */
const READS_PER_WRITE = 10
/** Factor for figures that a page asks every second: by default 11 a second, for several pages at once. */
const LIVE_PER_WRITE = 100
/** Refresh requests carry no e-mail address, so the limit is per network, which an office shares, and ten times higher. */
const REFRESHES_PER_LOGIN = 10

/** Counts a request in the bucket of its route and returns the rate-limit headers. @throws ApiError 429 */
async function limit(
  { limiter, config, store }: GatewayDeps,
  route: Route<GatewayDeps>,
  caller: Caller | null,
  ip: string,
  body: unknown,
): Promise<Record<string, string>> {
  const network = networkOf(ip)
  const subject = caller ? `${caller.kind}:${caller.id}` : network
  const { RATE_LIMIT_API: api, RATE_LIMIT_AUTH: auth, RATE_LIMIT_MESSAGES: messages } = config
  switch (route.bucket) {
    case 'none':
      return {}
    case 'auth': {
      const account = accountIn(body)
      if (account !== null || caller)
        return limiter.take('auth', `${network}:${account ?? subject}`, auth).catch(error => {
          authFailures.inc({ kind: 'password', outcome: 'limited' })
          throw error
        })
      return limiter.take('auth', network, { ...auth, count: auth.count * REFRESHES_PER_LOGIN })
    }
    case 'messages':
      return limiter.take('messages', subject, await messagesQuota(store, caller, messages))
    case 'read':
      return limiter.take('api', `read:${subject}`, { ...api, count: api.count * READS_PER_WRITE })
    case 'live':
      return limiter.take('api', `live:${subject}`, { ...api, count: api.count * LIVE_PER_WRITE })
    case 'api':
      return limiter.take('api', `write:${subject}`, api)
  }
}

/**
 * Quota for sends: the configured one, or the ceiling that the platform has set for the account. The account's own limit of messages
 * a minute lessens it and never raises it.
 */
async function messagesQuota(store: GatewayDeps['store'], caller: Caller | null, quota: Quota): Promise<Quota> {
  if (caller === null) return quota
  const { limits, ceilings } = await getCachedTenant(store, caller.tenantId)
  const inForce = limits?.messagesPerMinute
  if (!inForce) return quota
  const own = { count: inForce, windowMs: 60_000 }
  return ceilings?.messagesPerMinute ? own : lesserQuota(quota, own)
}

/** Account that a sign-in names, by the hash of its e-mail address; null for another request. */
function accountIn(body: unknown): string | null {
  if (typeof body !== 'object' || body === null || !('email' in body) || typeof body.email !== 'string') return null
  return createHash('sha256').update(body.email.trim().toLowerCase()).digest('base64url').slice(0, 24)
}

import type { Express } from 'express'
import { createHttpApp } from '#shared/http/app.ts'
import type { Quota } from '#shared/http/rate-limit.ts'
import type { Caller, Route } from '#shared/http/route.ts'
import { getCachedTenant } from '#shared/store/accounts/tenants.ts'
import { isOutage } from '#shared/store/outage.ts'
import { asTenant } from '#shared/store/tenancy/tenancy.ts'
import { authenticate } from './accounts/authenticate.ts'
import type { GatewayDeps } from './deps.ts'
import { routes } from './routes.ts'

/** REST as an express app; opens no connection, so tests can build it. */
export function createApp(deps: GatewayDeps): Express {
  return createHttpApp({
    routes,
    deps,
    log: deps.log,
    corsOrigins: deps.config.CORS_ORIGIN,
    trustProxy: deps.config.TRUST_PROXY,
    authenticate: request => authenticate(request, deps),
    limit: (route, caller, ip, body) => limit(deps, route, caller, ip, body),
    within: (caller, work) => asTenant(caller.tenantId, work),
    isOutage: error => isOutage(error) || isContended(error),
  })
}

/** A transaction that lost to others as often as we try. */
const isContended = (error: unknown): boolean =>
  error instanceof Error && (error as { errorLabelSet?: Set<string> }).errorLabelSet?.has('TransientTransactionError') === true

/** A dashboard reads ten times as often as it writes. */
const READS_PER_WRITE = 10
/** Whoever refreshes names nobody: a whole office shares an address. */
const REFRESHES_PER_LOGIN = 10

/** Each request counts in one bucket: sends, sign-ins, reads or writes. */
async function limit(
  { limiter, config, store }: GatewayDeps,
  route: Route<GatewayDeps>,
  caller: Caller | null,
  ip: string,
  body: unknown,
): Promise<Record<string, string>> {
  const who = caller ? `${caller.kind}:${caller.id}` : ip
  const { RATE_LIMIT_API: api, RATE_LIMIT_AUTH: auth, RATE_LIMIT_MESSAGES: messages } = config
  switch (route.bucket) {
    case 'none':
      return {}
    case 'auth': {
      const email = emailIn(body)
      if (email !== '' || caller) return limiter.take('auth', `${ip}:${email || who}`, auth)
      return limiter.take('auth', ip, { ...auth, count: auth.count * REFRESHES_PER_LOGIN })
    }
    case 'messages':
      return limiter.take('messages', who, await messagesQuota(store, caller, messages))
    case 'read':
      return limiter.take('api', `read:${who}`, { ...api, count: api.count * READS_PER_WRITE })
    case 'api':
      return limiter.take('api', `write:${who}`, api)
  }
}

/** A tenant may have a limit of its own. */
async function messagesQuota(store: GatewayDeps['store'], caller: Caller | null, quota: Quota): Promise<Quota> {
  const own = caller && (await getCachedTenant(store, caller.tenantId)).limits?.messagesPerMinute
  return own ? { count: own, windowMs: 60_000 } : quota
}

const emailIn = (body: unknown) =>
  typeof body === 'object' && body !== null && 'email' in body && typeof body.email === 'string'
    ? body.email.trim().toLowerCase().slice(0, 320)
    : ''

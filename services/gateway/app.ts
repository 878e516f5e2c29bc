import type { Express } from 'express'
import { createHttpApp } from '#shared/http/app.ts'
import type { Caller, Route } from '#shared/http/route.ts'
import { authenticate } from './auth.ts'
import type { GatewayDeps } from './deps.ts'
import { routes } from './routes/index.ts'

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
  })
}

/** A dashboard reads ten times as often as it writes. */
const READS_PER_WRITE = 10

/** Each request counts in one bucket: sends, sign-ins, reads or writes. */
async function limit(
  { limiter, config }: GatewayDeps,
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
    case 'auth':
      return limiter.take('auth', `${ip}:${emailIn(body)}`, auth)
    case 'messages':
      return limiter.take('messages', who, messages)
    case 'read':
      return limiter.take('api', `read:${who}`, { ...api, count: api.count * READS_PER_WRITE })
    case 'api':
      return limiter.take('api', `write:${who}`, api)
  }
}

const emailIn = (body: unknown) =>
  typeof body === 'object' && body !== null && 'email' in body && typeof body.email === 'string'
    ? body.email.trim().toLowerCase().slice(0, 320)
    : ''

import { z } from 'zod'
import { sessionIdOf } from '#shared/auth/refresh-tokens.ts'
import { ApiError } from '#shared/domain/errors.ts'
import { callerOf, type RouteRequest, route } from '#shared/http/route.ts'
import { toId } from '#shared/model/ids.ts'
import { endSessions, listSessions, type UserSession } from '#shared/store/accounts/sessions.ts'
import { getUser } from '#shared/store/accounts/users.ts'
import { asTenant } from '#shared/store/tenancy/tenancy.ts'
import { announceRevocation } from '../accounts/revocation.ts'
import { ownCookie } from '../accounts/session.ts'
import { audited } from '../audit.ts'
import type { GatewayDeps } from '../deps.ts'
import { IdParams, listOf, ObjectIdText, wholeList } from '../schemas.ts'
import { requireRank } from './rules.ts'

const SessionView = z.object({
  id: z.string(),
  startedAt: z.iso.datetime(),
  lastUsedAt: z.iso.datetime(),
  expiresAt: z.iso.datetime(),
  userAgent: z.string().nullable(),
  ip: z.string().nullable(),
  isCurrent: z.boolean().describe('The session of the refresh cookie that came with the request'),
})
const SessionId = z.uuid()

const list = route({
  method: 'get',
  path: '/api/v1/users/{id}/sessions',
  action: 'users.read',
  tag: 'users',
  summary: 'List the open sessions of a user, the one used last first',
  params: IdParams,
  returns: listOf(SessionView),
  async handle(request, { store, now }: GatewayDeps) {
    const { tenantId } = callerOf(request)
    const user = await getUser(store, tenantId, request.params.id)
    return { body: viewOf(await listSessions(store, { tenantId, userId: user._id }, now()), null) }
  },
})

const end = [
  { path: '/api/v1/users/{id}/sessions', params: IdParams, summary: 'End all sessions of a user at once, with their sockets' },
  {
    path: '/api/v1/users/{id}/sessions/{sessionId}',
    params: z.strictObject({ id: ObjectIdText, sessionId: SessionId }),
    summary: 'End a session of a user at once; their other sessions renew their access tokens by themselves',
  },
].map(({ path, params, summary }) =>
  route({
    method: 'delete',
    path,
    action: 'users.write',
    tag: 'users',
    summary,
    params,
    status: 204,
    async handle(request, deps: GatewayDeps) {
      const caller = callerOf(request)
      const { id, sessionId } = request.params as { id: string; sessionId?: string }
      const user = await getUser(deps.store, caller.tenantId, id)
      requireRank(caller, user.role)
      await endAndAnnounce(request, deps, { tenantId: caller.tenantId, userId: id, ...(sessionId && { sessionId }) })
      return {}
    },
  }),
)

const listOwn = route({
  method: 'get',
  path: '/api/v1/auth/sessions',
  action: 'session.read',
  tag: 'auth',
  summary: 'List your open sessions, the one used last first',
  returns: listOf(SessionView),
  async handle(request, deps: GatewayDeps) {
    const owner = ownerOf(request)
    return await asTenant(owner.tenantId, async () => {
      const current = await currentSession(request, deps, owner)
      return { body: viewOf(await listSessions(deps.store, owner, deps.now()), current) }
    })
  },
})

const endOwn = [
  { path: '/api/v1/auth/sessions', params: z.strictObject({}), summary: 'End all your sessions at once, this one too' },
  {
    path: '/api/v1/auth/sessions/{sessionId}',
    params: z.strictObject({ sessionId: SessionId }),
    summary: 'End one of your sessions at once; your others renew their access tokens by themselves',
  },
].map(({ path, params, summary }) =>
  route({
    method: 'delete',
    path,
    action: 'session.write',
    tag: 'auth',
    summary,
    params,
    status: 204,
    async handle(request, deps: GatewayDeps) {
      const owner = ownerOf(request)
      const { sessionId } = request.params as { sessionId?: string }
      await asTenant(owner.tenantId, () => endAndAnnounce(request, deps, { ...owner, ...(sessionId && { sessionId }) }))
      return {}
    },
  }),
)

export const sessionRoutes = [list, ...end, listOwn, ...endOwn]

type Asked = Pick<RouteRequest<unknown, unknown, unknown>, 'caller' | 'ip'>

/** A user with the tenant that they belong to. @throws ApiError 403 for an API key, which has no sessions */
export function ownerOf(request: Pick<Asked, 'caller'>): { tenantId: string; userId: string } {
  const { kind, id, homeTenantId } = callerOf(request)
  if (kind !== 'user') throw new ApiError(403, 'FORBIDDEN', 'An API key has no sessions. Sign in as a user.')
  return { tenantId: homeTenantId, userId: id }
}

/** The session of the refresh cookie, in the context of its tenant; null without one. */
export async function currentSession(
  { headers }: Pick<RouteRequest<unknown, unknown, unknown>, 'headers'>,
  deps: GatewayDeps,
  owner: { tenantId: string; userId: string },
): Promise<string | null> {
  const cookie = ownCookie(headers, deps)
  return cookie && (await sessionIdOf(deps.store, owner, cookie))
}

async function endAndAnnounce(
  request: Asked,
  deps: GatewayDeps,
  which: { tenantId: string; userId: string; sessionId?: string },
): Promise<void> {
  const { tenantId, userId, sessionId } = which
  const { _id } = await getUser(deps.store, tenantId, userId)
  const entry = audited<{ ended: number }>(request, deps, () => ({
    action: 'users.endSessions',
    object: { kind: 'user', id: userId },
    changes: { session: { before: sessionId ?? 'all', after: null } },
    tenantId: toId(tenantId),
  }))
  await endSessions(deps.store, { tenantId, userId: _id, ...(sessionId && { sessionId }) }, deps.now(), entry)
  await announceRevocation(deps, { tenantId, userId })
}

const viewOf = (sessions: UserSession[], current: string | null) =>
  wholeList(
    sessions.map(({ id, startedAt, lastUsedAt, expiresAt, userAgent, ip }) => ({
      id,
      startedAt: startedAt.toISOString(),
      lastUsedAt: lastUsedAt.toISOString(),
      expiresAt: expiresAt.toISOString(),
      userAgent,
      ip,
      isCurrent: id === current,
    })),
  )

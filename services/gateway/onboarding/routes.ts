import { z } from 'zod'
import { callerOf, type Reply, type RouteRequest, route } from '#shared/http/route.ts'
import type { ConnectionDoc, Id } from '#shared/model/documents.ts'
import { newId } from '#shared/model/ids.ts'
import { findConnection, getConnection, listConnections } from '#shared/store/numbers/connections.ts'
import type { Alongside } from '#shared/store/transaction.ts'
import { audited } from '../audit.ts'
import type { GatewayDeps } from '../deps.ts'
import { createOnce, idempotencyKeyOf, type Once, withIdempotencyKey } from '../idempotency.ts'
import { AboutNumber } from '../numbers/about.ts'
import { IdParams, listOf, ObjectIdText, Paging } from '../schemas.ts'
import { actorOf, beginSignup, beginWithToken, type ConnectionInput, continueConnection } from './begin.ts'
import { REQUEST_MS } from './callback.ts'
import { type OnboardingDeps, onboardingDeps } from './deps.ts'
import { runConnection } from './run.ts'
import { ConnectionView, connectionFailed, connectionView } from './view.ts'

const tag = 'onboarding'

export const MetaId = z.string().regex(/^\d{1,30}$/, 'Must be digits')
export const Pin = z.string().regex(/^\d{6}$/, 'Must be six digits')
type Begin = (own: OnboardingDeps, entry: Alongside<ConnectionDoc>, id: Id) => Promise<ConnectionDoc>

/** Begins a connection, once for an Idempotency-Key, and does what can be done at once. */
export async function connectNow(
  request: Pick<RouteRequest<unknown, unknown, unknown>, 'caller' | 'ip'>,
  deps: GatewayDeps,
  begin: Begin,
  once?: Once,
): Promise<ConnectionDoc> {
  const own = onboardingDeps(deps)
  const { tenantId } = callerOf(request)
  const create = (id: Id) => begin(own, beganEntry(request, deps), id)
  const find = (id: Id) => findConnection(deps.store, tenantId, id)
  const connection = once ? await createOnce(once, find, create) : await create(newId())
  return await runConnection(own, connection, REQUEST_MS)
}

/** Does the work of a route that creates a connection, once for its Idempotency-Key. */
export function onceFor<Body>(
  request: RouteRequest<unknown, unknown, Body>,
  deps: GatewayDeps,
  what: string,
  work: (once: Once) => Promise<Reply>,
): Promise<Reply> {
  const { tenantId } = callerOf(request)
  const key = idempotencyKeyOf(request.headers)
  return withIdempotencyKey(deps, tenantId, key, { what, body: request.body }, work)
}

/** Audit entry of a connection that somebody begins or continues. */
export const beganEntry = (request: Pick<RouteRequest<unknown, unknown, unknown>, 'caller' | 'ip'>, deps: GatewayDeps) =>
  audited<ConnectionDoc>(request, deps, ({ _id, kind }) => ({
    action: 'connections.begin',
    object: { kind: 'connection', id: String(_id) },
    changes: { kind: { before: null, after: kind } },
  }))

export function connectionReply(connection: ConnectionDoc, status = 201): Reply {
  if (connection.state === 'FAILED') throw connectionFailed(connection)
  return { status: connection.state === 'RUNNING' ? 202 : status, body: connectionView(connection) }
}

/** Beside the status of a finished connection. */
const WAITING = { 202: 'A step waits, and is continued by itself' }

const signup = route({
  method: 'post',
  path: '/api/v1/tenants/embedded-signup',
  action: 'clients.connect',
  tag,
  summary: 'Connect numbers with the code of Embedded Signup in your page; 202 while a step waits, 422 with the step that failed',
  body: z.strictObject({
    code: z.string().min(1).max(4096).describe('From the callback of FB.login; valid for 30 seconds'),
    phoneNumberId: MetaId.optional().describe(
      'The number that becomes the primary one; all numbers of the account are connected',
    ),
    wabaId: MetaId.optional(),
    pin: Pin.optional().describe('Where the number has two-step verification'),
    redirectUri: z.url().max(2000).optional().describe('Only for a code of the redirect flow'),
    ...AboutNumber,
  }),
  idempotent: true,
  status: 201,
  otherStatuses: WAITING,
  returns: ConnectionView,
  async handle(request, deps: GatewayDeps) {
    const caller = callerOf(request)
    const { code, redirectUri = null, ...input } = request.body
    const where = { tenantId: caller.tenantId, actor: actorOf(caller), input }
    return onceFor(request, deps, 'signup', async once => {
      const begin: Begin = (own, entry, id) => beginSignup(own, { ...where, id }, { code, redirectUri }, entry)
      return connectionReply(await connectNow(request, deps, begin, once))
    })
  },
})

/** Connects a number with an access token that was made by hand. */
export async function connectByToken(
  request: Pick<RouteRequest<unknown, unknown, ConnectionInput & { accessToken: string }>, 'caller' | 'ip' | 'body'>,
  deps: GatewayDeps,
  once: Once,
): Promise<ConnectionDoc> {
  const caller = callerOf(request)
  const { accessToken, ...input } = request.body
  const where = { tenantId: caller.tenantId, actor: actorOf(caller), input }
  const begin: Begin = (own, entry, id) => beginWithToken(own, { ...where, id }, accessToken, entry)
  return await connectNow(request, deps, begin, once)
}

export const TokenBody = {
  accessToken: z.string().min(16).max(4096).describe('Token of a system user with access to the account.'),
  wabaId: MetaId.optional().describe('Needed where the token does not name its account'),
  phoneNumberId: MetaId.optional().describe('Connects this number only'),
  pin: Pin.optional(),
  ...AboutNumber,
}

const byToken = route({
  method: 'post',
  path: '/api/v1/phone-numbers',
  action: 'clients.connect',
  tag,
  summary: 'Connect a number with an access token of a system user, without a dialog',
  body: z.strictObject(TokenBody),
  idempotent: true,
  status: 201,
  otherStatuses: WAITING,
  returns: ConnectionView,
  async handle(request, deps: GatewayDeps) {
    return onceFor(request, deps, 'number', async once => connectionReply(await connectByToken(request, deps, once)))
  },
})

const list = route({
  method: 'get',
  path: '/api/v1/connections',
  action: 'clients.connect',
  tag,
  summary: 'List connections with their steps, newest first: sign-ups, checks and disconnections',
  query: z.strictObject({ ...Paging, clientId: ObjectIdText.optional() }),
  returns: listOf(ConnectionView),
  async handle(request, { store }: GatewayDeps) {
    const { clientId, ...page } = request.query
    const { rows, ...rest } = await listConnections(store, callerOf(request).tenantId, { clientId }, page)
    return { body: { data: rows.map(connectionView), ...rest } }
  },
})

const one = route({
  method: 'get',
  path: '/api/v1/connections/{id}',
  action: 'clients.connect',
  tag,
  summary: 'Get a connection with its steps',
  params: IdParams,
  returns: ConnectionView,
  async handle(request, { store }: GatewayDeps) {
    return { body: connectionView(await getConnection(store, callerOf(request).tenantId, request.params.id)) }
  },
})

const goOn = route({
  method: 'post',
  path: '/api/v1/connections/{id}/continue',
  action: 'clients.connect',
  tag,
  summary: 'Try the failed steps of a connection again; answers the address of a new dialog where its code no longer works',
  params: IdParams,
  body: z.strictObject({ pin: Pin.optional() }),
  otherStatuses: WAITING,
  returns: ConnectionView.extend({ oauthUrl: z.string().nullable() }),
  async handle(request, deps: GatewayDeps) {
    const own = onboardingDeps(deps)
    const before = await getConnection(deps.store, callerOf(request).tenantId, request.params.id)
    const { connection, oauthUrl } = await continueConnection(
      own,
      deps.config,
      before,
      request.body.pin,
      beganEntry(request, deps),
    )
    if (oauthUrl !== null) return { body: { ...connectionView(connection), oauthUrl } }
    const { status, body } = connectionReply(await runConnection(own, connection, REQUEST_MS), 200)
    return { status: status ?? 200, body: { ...(body as object), oauthUrl } }
  },
})

export const onboardingRoutes = [signup, byToken, list, one, goOn]

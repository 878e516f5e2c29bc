import { z } from 'zod'
import { ApiError, notFound } from '#shared/domain/errors.ts'
import { callerOf, type Reply, type RouteRequest, route } from '#shared/http/route.ts'
import type { ClientDoc, Id } from '#shared/model/documents.ts'
import { editClient, findPrimaryClient, getNamedClient, listClients } from '#shared/store/numbers/clients.ts'
import { shownPhone } from '#shared/views/views.ts'
import { audited } from '../audit.ts'
import type { GatewayDeps } from '../deps.ts'
import type { Once } from '../idempotency.ts'
import { AboutNumber } from '../numbers/about.ts'
import { numberEdited } from '../numbers/routes.ts'
import { actorOf, type ConnectionInput, openDialog } from '../onboarding/begin.ts'
import { CallbackQuery, returnFromDialog } from '../onboarding/callback.ts'
import { onboardingDeps } from '../onboarding/deps.ts'
import { disconnectClient } from '../onboarding/number-routes.ts'
import { beganEntry, connectByToken, MetaId, onceFor, Pin } from '../onboarding/routes.ts'
import { connectionFailed } from '../onboarding/view.ts'

/** Sign-up and numbers as both LinkoJob systems know them: `/api/auth/whatsapp/*` and `/api/clients*`, also below `/api/v1`. */
const tag = 'LinkoJob numbers'
const PREFIXES = ['/api', '/api/v1']

const NumberName = z.string().min(1).max(128).describe("Number id: Linko's, Meta's, or its owner's id on your platform")

const OAuthUrl = z.object({ oauthUrl: z.string() })
const coexistence = z.boolean().default(false).describe('Keep the number in the WhatsApp Business app as well')

/** Opens the sign-up dialog. A person who connects a number here becomes its `userId`, as in the older systems. */
async function dialogFor(
  request: RouteRequest<unknown, unknown, unknown>,
  deps: GatewayDeps,
  given: ConnectionInput,
  id?: Id,
): Promise<string> {
  const caller = callerOf(request)
  const input = { ...(caller.kind === 'user' && { userId: caller.id }), ...given }
  const begin = { tenantId: caller.tenantId, actor: actorOf(caller), input, ...(id && { id }) }
  return (await openDialog(onboardingDeps(deps), deps.config, begin, beganEntry(request, deps))).oauthUrl
}

/** The number that is named, else the caller's primary one. @throws ApiError 404 */
async function clientFor(request: RouteRequest<unknown, unknown, unknown>, deps: GatewayDeps, name?: string): Promise<ClientDoc> {
  const { tenantId, id } = callerOf(request)
  if (name !== undefined) return await getNamedClient(deps.store, tenantId, name)
  const client = await findPrimaryClient(deps.store, tenantId, id)
  if (client === null) throw notFound('Number')
  return client
}

const disconnectRoute = (path: string, method: 'delete' | 'post') =>
  route({
    method,
    path: `${path}/auth/whatsapp/disconnect`,
    action: 'clients.connect',
    tag,
    summary: 'Disconnect a number, by default your primary one; its conversations stay',
    query: z.strictObject({ clientId: NumberName.optional() }),
    body: z.strictObject({ clientId: NumberName.optional() }),
    returns: z.object({ success: z.literal(true) }),
    async handle(request, deps: GatewayDeps) {
      const name = request.body.clientId ?? request.query.clientId
      await disconnectClient(request, deps, await clientFor(request, deps, name), false)
      return { body: { success: true } }
    },
  })

const signupRoutes = PREFIXES.flatMap(path => [
  route({
    method: 'post',
    path: `${path}/auth/whatsapp/initiate`,
    action: 'clients.connect',
    tag,
    summary: "Open Meta's sign-up dialog: its address, for a redirect or a popup, valid for ten minutes",
    body: z.strictObject({ coexistence, pin: Pin.optional(), ...AboutNumber }),
    returns: OAuthUrl,
    async handle(request, deps: GatewayDeps) {
      return { body: { oauthUrl: await dialogFor(request, deps, request.body) } }
    },
  }),
  route({
    method: 'get',
    path: `${path}/auth/whatsapp/url`,
    action: 'clients.connect',
    bucket: 'api',
    tag,
    summary: "The same by GET: the address of Meta's sign-up dialog",
    query: z.strictObject({ coexistence: z.enum(['true', 'false']).default('false') }),
    returns: OAuthUrl,
    async handle(request, deps: GatewayDeps) {
      return { body: { oauthUrl: await dialogFor(request, deps, { coexistence: request.query.coexistence === 'true' }) } }
    },
  }),
  route({
    method: 'get',
    path: `${path}/auth/whatsapp/callback`,
    action: null,
    bucket: 'auth',
    tag,
    summary: "Return of Meta's sign-up dialog: a redirect to the dashboard, or JSON for callers that accept it",
    query: CallbackQuery,
    returns: z.object({
      success: z.boolean(),
      client: z.object({ phoneNumberId: z.string(), whatsappNumber: z.string().nullable() }).optional(),
      status: z.literal('PENDING').optional(),
      connectionId: z.string().optional(),
    }),
    otherStatuses: { 202: 'The number is being connected', 302: 'The browser is sent on to the dashboard' },
    handle: (request, deps: GatewayDeps) => returnFromDialog(request, deps),
  }),
  disconnectRoute(path, 'delete'),
  disconnectRoute(path, 'post'),
])

const LinkoJobClient = z.object({
  _id: z.string(),
  companyName: z.string().nullable(),
  email: z.string().nullable(),
  userId: z.string().nullable(),
  whatsappNumber: z.string().nullable(),
  phoneNumberId: z.string(),
  tokenExpiry: z.iso.datetime().nullable(),
  status: z.enum(['active', 'disconnected', 'suspended', 'paused']),
  connectedAt: z.iso.datetime().nullable(),
  disconnectedAt: z.iso.datetime().nullable(),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
})

/** A number as LinkoJob's systems show it; its token is shown by nobody. */
function linkoJobClient(doc: ClientDoc): z.infer<typeof LinkoJobClient> {
  return {
    _id: String(doc._id),
    companyName: doc.companyName ?? null,
    email: doc.email ?? null,
    userId: doc.userId ?? null,
    whatsappNumber: shownPhone(doc.whatsappNumber),
    phoneNumberId: doc.phoneNumberId,
    tokenExpiry: doc.tokenExpiry?.toISOString() ?? null,
    status: doc.status,
    connectedAt: doc.connectedAt?.toISOString() ?? null,
    disconnectedAt: doc.disconnectedAt?.toISOString() ?? null,
    createdAt: doc.createdAt.toISOString(),
    updatedAt: doc.updatedAt.toISOString(),
  }
}

const ClientBody = z.strictObject({
  accessToken: z.string().min(16).max(4096).optional().describe('Token of a system user; without one the answer opens a dialog'),
  phoneNumberId: MetaId.optional(),
  wabaId: MetaId.optional(),
  pin: Pin.optional(),
  coexistence,
  ...AboutNumber,
})

async function createClient(
  request: RouteRequest<unknown, unknown, z.infer<typeof ClientBody>>,
  deps: GatewayDeps,
  once: Once,
): Promise<Reply> {
  const { accessToken, ...given } = request.body
  if (accessToken === undefined)
    return { status: 201, body: { client: null, oauthUrl: await dialogFor(request, deps, given, once.resourceId) } }
  const connection = await connectByToken({ ...request, body: { ...given, accessToken } }, deps, once)
  if (connection.state === 'FAILED') throw connectionFailed(connection)
  const [number] = connection.numbers
  if (number === undefined)
    throw new ApiError(503, 'UNAVAILABLE', 'Meta does not answer. The connection is continued by itself.', {
      headers: { 'retry-after': '30' },
      extra: { connectionId: String(connection._id) },
    })
  const client = await getNamedClient(deps.store, callerOf(request).tenantId, number.phoneNumberId)
  return { status: 201, body: { client: linkoJobClient(client), oauthUrl: null } }
}

/** Without the canonical paths that `/phone-numbers` has too: there `/clients` lists every status. */
const clientRoutes = PREFIXES.flatMap(path => [
  route({
    method: 'post',
    path: `${path}/clients`,
    action: 'clients.connect',
    tag,
    summary: 'Connect a number: with an access token at once, else by the dialog whose address is answered',
    body: ClientBody,
    idempotent: true,
    status: 201,
    returns: z.object({ client: LinkoJobClient.nullable(), oauthUrl: z.string().nullable() }),
    handle: (request, deps: GatewayDeps) => onceFor(request, deps, 'client', once => createClient(request, deps, once)),
  }),
  route({
    method: 'get',
    path: `${path}/clients/me`,
    action: 'clients.read',
    tag,
    summary: 'Get your own number, else the primary one of the account',
    returns: LinkoJobClient,
    async handle(request, deps: GatewayDeps) {
      return { body: linkoJobClient(await clientFor(request, deps)) }
    },
  }),
  route({
    method: 'put',
    path: `${path}/clients/me`,
    action: 'clients.write',
    tag,
    summary: 'Change company name, e-mail address or user of your own number',
    body: z.strictObject(AboutNumber),
    returns: LinkoJobClient,
    async handle(request, deps: GatewayDeps) {
      const before = await clientFor(request, deps)
      const entry = audited<ClientDoc>(request, deps, numberEdited(before))
      return { body: linkoJobClient(await editClient(deps.store, before, request.body, callerOf(request).id, entry)) }
    },
  }),
  route({
    method: 'delete',
    path: `${path}/clients/me`,
    action: 'clients.connect',
    tag,
    summary: 'Disconnect your own number and take it out of the lists; its conversations stay',
    returns: z.object({ success: z.literal(true) }),
    async handle(request, deps: GatewayDeps) {
      await disconnectClient(request, deps, await clientFor(request, deps), true)
      return { body: { success: true } }
    },
  }),
])

const activeClients = route({
  method: 'get',
  path: '/api/clients',
  action: 'clients.read',
  tag,
  summary: 'List active numbers, the primary number first',
  returns: z.object({ clients: z.array(LinkoJobClient), total: z.number().int() }),
  async handle(request, { store }: GatewayDeps) {
    const active = (await listClients(store, callerOf(request).tenantId)).filter(({ status }) => status === 'active')
    return { body: { clients: active.map(linkoJobClient), total: active.length } }
  },
})

export const linkoJobClientRoutes = [...signupRoutes, activeClients, ...clientRoutes]

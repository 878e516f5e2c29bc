import { z } from 'zod'
import { tokenOf } from '#shared/auth/client-tokens.ts'
import { callerOf, type RouteRequest, route } from '#shared/http/route.ts'
import type { ClientDoc } from '#shared/model/documents.ts'
import { countBacklog } from '#shared/store/dispatch/backlog.ts'
import { updateClientWithoutEvent } from '#shared/store/numbers/checks.ts'
import { getClient } from '#shared/store/numbers/clients.ts'
import { countOpenCampaigns } from '#shared/store/numbers/connect-numbers.ts'
import { audited } from '../audit.ts'
import type { GatewayDeps } from '../deps.ts'
import { IdParams } from '../schemas.ts'
import { actorOf, beginCheck, disconnect } from './begin.ts'
import { onboardingDeps } from './deps.ts'
import { pinRoutesAt } from './pin-routes.ts'
import { connectNow } from './routes.ts'
import { runConnection } from './run.ts'
import { ConnectionView, connectionView } from './view.ts'

const tag = 'numbers'
/** Meta is told of a disconnection before the answer, as far as it answers quickly. */
const TELL_MS = 5000

const Stops = z.object({
  status: z.literal('disconnected'),
  stops: z.object({
    messages: z
      .number()
      .int()
      .describe('Messages that wait; they fail when their time is over, unless the number is connected again'),
    campaigns: z.number().int().describe('Campaigns of the number that have not ended'),
  }),
  connectionId: z.string().nullable().describe('Steps by which Meta is told'),
})

/** Disconnects a number and says what stops. Its conversations stay. */
export async function disconnectClient(
  request: RouteRequest<unknown, unknown, unknown>,
  deps: GatewayDeps,
  client: ClientDoc,
  isDeleted: boolean,
): Promise<z.infer<typeof Stops>> {
  const own = onboardingDeps(deps)
  const caller = callerOf(request)
  const entry = audited<{ before: ClientDoc; after: ClientDoc }>(request, deps, ({ before, after }) => ({
    action: isDeleted ? 'clients.delete' : 'clients.disconnect',
    object: { kind: 'client', id: String(client._id) },
    changes: { status: { before: before.status, after: after.status } },
  }))
  const { tenantId, phoneNumberId } = client
  const [groups, campaigns] = await Promise.all([
    countBacklog(deps.store, { phoneNumberId, tenantId }),
    countOpenCampaigns(deps.store, client),
  ])
  const where = { tenantId: caller.tenantId, actor: actorOf(caller) }
  const token = tokenOf(own.keyring, client)
  const connection = await disconnect(own, where, { client, isDeleted, token }, entry)
  if (connection) await runConnection(own, connection, TELL_MS)
  const messages = groups.reduce((sum, { count }) => sum + count, 0)
  return { status: 'disconnected', stops: { messages, campaigns }, connectionId: connection && String(connection._id) }
}

const PATHS = ['/api/v1/phone-numbers', '/api/v1/clients']

export const numberConnectionRoutes = PATHS.flatMap(path => [
  route({
    method: 'post',
    path: `${path}/{id}/check`,
    action: 'clients.connect',
    tag,
    summary: 'Check a connected number step by step, and mend what can be mended',
    params: IdParams,
    returns: ConnectionView,
    async handle(request, deps: GatewayDeps) {
      const caller = callerOf(request)
      const client = await getClient(deps.store, caller.tenantId, request.params.id)
      const where = { tenantId: caller.tenantId, actor: actorOf(caller) }
      const checked = await connectNow(request, deps, (own, entry) => beginCheck(own, where, client, entry))
      // What was mended shows at once, not an hour later.
      await updateClientWithoutEvent(deps.store, client, { nextHealthCheckAt: null })
      // A check has a result also where a step fails.
      return { body: connectionView(checked) }
    },
  }),
  ...pinRoutesAt(path),
  route({
    method: 'delete',
    path: `${path}/{id}`,
    action: 'clients.connect',
    tag,
    summary:
      'Disconnect a number: its token is forgotten and given back to Meta, nothing is sent any more; its conversations stay',
    params: IdParams,
    returns: Stops,
    async handle(request, deps: GatewayDeps) {
      const client = await getClient(deps.store, callerOf(request).tenantId, request.params.id)
      return { body: await disconnectClient(request, deps, client, false) }
    },
  }),
])

import { MessageTraceView } from '#shared/contracts/trace.ts'
import { callerOf, route } from '#shared/http/route.ts'
import { getMessage } from '#shared/store/inbox/messages.ts'
import { traceOf } from '#shared/views/trace.ts'
import type { GatewayDeps } from '../deps.ts'
import { IdParams } from '../schemas.ts'
import { readTraceFacts } from './trace.ts'

/** Route of the trace, for both paths of a message. */
const traceAt = (path: string) =>
  route({
    method: 'get',
    path,
    action: 'messages.read',
    tag: 'messages',
    summary: 'Each hop of a message through the platform with its time, from the webhook or the request to the sockets',
    params: IdParams,
    returns: MessageTraceView,
    async handle(request, { store, now }: GatewayDeps) {
      const message = await getMessage(store, callerOf(request).tenantId, request.params.id)
      return { body: traceOf(message, await readTraceFacts(store, message), now()) }
    },
  })

export const traceRoutes = [traceAt('/api/v1/messages/{id}/trace'), traceAt('/api/v1/messages/by-id/{id}/trace')]

import { z } from 'zod'
import { ChangeScheduled } from '#shared/contracts/outbound.ts'
import { MessageView } from '#shared/contracts/views.ts'
import { callerOf, route } from '#shared/http/route.ts'
import { listScheduled } from '#shared/store/inbox/scheduled.ts'
import { pageView } from '#shared/store/pages.ts'
import { messageView } from '#shared/views/views.ts'
import type { GatewayDeps } from '../deps.ts'
import { IdParams, listOf, ObjectIdText, Paging, Time } from '../schemas.ts'
import { acceptedReply } from './accept.ts'
import { Accepted } from './routes.ts'
import { cancelScheduled, changeScheduled } from './scheduled.ts'

const tag = 'messages'

const list = route({
  method: 'get',
  path: '/api/v1/messages/scheduled',
  action: 'messages.read',
  tag,
  summary: 'Scheduled messages (`sendAt`), the next one first; messages of campaigns are not included',
  query: z.strictObject({
    ...Paging,
    clientId: ObjectIdText.optional(),
    conversationId: ObjectIdText.optional(),
    from: Time.optional().describe('Scheduled for this time or later'),
    to: Time.optional().describe('Scheduled before this time'),
  }),
  returns: listOf(MessageView),
  async handle(request, { store }: GatewayDeps) {
    const { clientId, conversationId, from, to, ...input } = request.query
    const { tenantId } = callerOf(request)
    return { body: pageView(await listScheduled(store, tenantId, { clientId, conversationId, from, to }, input), messageView) }
  },
})

const change = route({
  method: 'patch',
  path: '/api/v1/messages/scheduled/{id}',
  action: 'messages.send',
  bucket: 'messages',
  tag,
  summary: 'Change the time, content, fallback or expiry of a scheduled message; 409 ALREADY_RELEASED once its time has come',
  params: IdParams,
  body: ChangeScheduled,
  returns: Accepted,
  async handle(request, deps: GatewayDeps) {
    const since = deps.now()
    const { message, events } = await changeScheduled(deps, callerOf(request), request.params.id, request.body)
    void deps.events.publish(events, request.traceparent)
    return { ...acceptedReply(message, since), status: 200 }
  },
})

const cancel = route({
  method: 'delete',
  path: '/api/v1/messages/scheduled/{id}',
  action: 'messages.send',
  tag,
  summary: 'Cancel a scheduled message: it fails with the title Cancelled; 409 ALREADY_RELEASED once its time has come',
  params: IdParams,
  returns: MessageView,
  async handle(request, deps: GatewayDeps) {
    const { message, events } = await cancelScheduled(deps, callerOf(request), request.params.id)
    void deps.events.publish(events, request.traceparent)
    return { body: messageView(message) }
  },
})

export const scheduledRoutes = [list, change, cancel]

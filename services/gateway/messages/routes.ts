import { z } from 'zod'
import { SendAny, SendDefaultTemplate, SendTemplate, SendText } from '#shared/contracts/outbound.ts'
import { MessageTimelineView } from '#shared/contracts/timeline.ts'
import { MessageDetailView, MessageView } from '#shared/contracts/views.ts'
import { type Caller, callerOf, route } from '#shared/http/route.ts'
import type { MessageDoc } from '#shared/model/documents.ts'
import { getConversation } from '#shared/store/inbox/conversations.ts'
import { searchMessages } from '#shared/store/inbox/message-search.ts'
import { getMessage, listMessages } from '#shared/store/inbox/messages.ts'
import { pageView } from '#shared/store/pages.ts'
import type { Session } from '#shared/store/transaction.ts'
import { timelineOf } from '#shared/views/timeline.ts'
import { messageDetailView, messageView } from '#shared/views/views.ts'
import { audited } from '../audit.ts'
import type { GatewayDeps } from '../deps.ts'
import { idempotencyKeyOf, withIdempotencyKey } from '../idempotency.ts'
import { IdParams, listOf, ObjectIdText, Paging } from '../schemas.ts'
import { acceptedReply, enqueue, project } from './accept.ts'
import { retryMessage } from './retry.ts'
import { acceptAny, acceptDefaultTemplate, acceptTemplate, acceptText } from './sends.ts'
import { TEXT_PATH } from './window.ts'

/** Reply to an accepted message. `warnings` names what may still prevent sending, such as a window that ends before `sendAt`. */
export const Accepted = MessageView.extend({
  jobId: z.string(),
  warnings: z.array(z.object({ code: z.string(), message: z.string() })),
})
const tag = 'messages'

/** The same route under both of its paths. */
const sendTexts = (['/api/v1/messages/send', TEXT_PATH] as const).map(path =>
  route<GatewayDeps, z.ZodType, z.ZodType, typeof SendText>({
    method: 'post',
    path,
    action: 'messages.send',
    bucket: 'messages',
    tag,
    summary: 'Queue a text message; needs an open customer service window',
    body: SendText,
    idempotent: true,
    waits: true,
    status: 202,
    returns: Accepted,
    handle: acceptText,
  }),
)

const sendTemplate = route<GatewayDeps, z.ZodType, z.ZodType, typeof SendTemplate>({
  method: 'post',
  path: '/api/v1/messages/send-template',
  action: 'messages.sendTemplate',
  bucket: 'messages',
  tag,
  summary: 'Queue an approved template; may open a conversation',
  body: SendTemplate,
  idempotent: true,
  waits: true,
  status: 202,
  returns: Accepted,
  handle: acceptTemplate,
})

const sendDefaultTemplate = route<GatewayDeps, z.ZodType, z.ZodType, typeof SendDefaultTemplate>({
  method: 'post',
  path: '/api/v1/messages/template',
  action: 'messages.sendTemplate',
  bucket: 'messages',
  tag,
  summary:
    'Queue `initiateTemplate` (the customer never wrote) or `reengageTemplate` (window closed); 422 WINDOW_OPEN while it is open',
  body: SendDefaultTemplate,
  idempotent: true,
  waits: true,
  status: 202,
  returns: Accepted,
  handle: acceptDefaultTemplate,
})

const sendAny = route<GatewayDeps, z.ZodType, z.ZodType, typeof SendAny>({
  method: 'post',
  path: '/api/v1/messages',
  action: 'messages.send',
  bucket: 'messages',
  tag,
  summary:
    "Queue a message of any type, with content in Meta's form; all types except templates need an open customer service window",
  body: SendAny,
  idempotent: true,
  waits: true,
  status: 202,
  returns: Accepted,
  handle: acceptAny,
})

const search = route({
  method: 'get',
  path: '/api/v1/messages',
  action: 'messages.read',
  tag,
  summary: 'Search messages of all conversations, newest first, by words, status, number, wamid and time',
  query: z.strictObject({
    ...Paging,
    q: z
      .string()
      .trim()
      .regex(/[\p{L}\p{N}]/u, 'Must contain letters or digits')
      .max(200)
      .optional()
      .describe('Words that the text must all contain'),
    status: z.enum(['QUEUED', 'SENT', 'DELIVERED', 'READ', 'FAILED', 'RECEIVED']).optional(),
    clientId: ObjectIdText.optional().describe('Only messages of this number'),
    wamid: z.string().min(1).max(512).optional().describe("WhatsApp's id, also of an earlier attempt"),
    from: z.iso.datetime({ offset: true }).optional().describe('At this time or later'),
    to: z.iso.datetime({ offset: true }).optional().describe('Before this time'),
  }),
  returns: listOf(MessageView),
  async handle(request, { store }: GatewayDeps) {
    const { q, status, clientId, wamid, from, to, ...input } = request.query
    const time = { from: from ? new Date(from) : undefined, to: to ? new Date(to) : undefined }
    const found = await searchMessages(store, callerOf(request).tenantId, { q, status, clientId, wamid, ...time }, input)
    return { body: pageView(found, messageView) }
  },
})

const byConversation = route({
  method: 'get',
  path: '/api/v1/messages/{id}',
  action: 'messages.read',
  tag,
  summary: 'Messages of a conversation, newest first',
  params: IdParams,
  query: z.strictObject({ ...Paging, order: z.enum(['asc', 'desc']).default('desc') }),
  returns: listOf(MessageView),
  handle: answerConversation,
})

const byId = route({
  method: 'get',
  path: '/api/v1/messages/by-id/{id}',
  action: 'messages.read',
  tag,
  summary: 'One message with its timeline of waits, attempts and statuses',
  params: IdParams,
  returns: MessageDetailView,
  async handle(request, { store, now }: GatewayDeps) {
    return { body: messageDetailView(await getMessage(store, callerOf(request).tenantId, request.params.id), now()) }
  },
})

/** Route of the timeline, for both paths of a message. */
const timelineAt = (path: string) =>
  route({
    method: 'get',
    path,
    action: 'messages.read',
    tag,
    summary: 'Timeline of a message: each wait with reason and duration, each attempt, each status',
    params: IdParams,
    returns: MessageTimelineView,
    async handle(request, { store, now }: GatewayDeps) {
      return { body: timelineOf(await getMessage(store, callerOf(request).tenantId, request.params.id), now()) }
    },
  })
const timeline = timelineAt('/api/v1/messages/{id}/timeline')
const timelineById = timelineAt('/api/v1/messages/by-id/{id}/timeline')

const retry = route({
  method: 'post',
  path: '/api/v1/messages/by-id/{id}/retry',
  action: 'messages.retry',
  bucket: 'messages',
  tag,
  summary: 'Send a failed message again; needs `acceptDuplicate` if its outcome is unknown',
  params: IdParams,
  body: z.strictObject({ acceptDuplicate: z.boolean().default(false) }),
  idempotent: true,
  status: 202,
  returns: Accepted,
  async handle(request, deps: GatewayDeps) {
    const caller = callerOf(request)
    const { id } = request.params
    const asked = { what: 'retry', id, body: request.body }
    return withIdempotencyKey(deps, caller.tenantId, idempotencyKeyOf(request.headers), asked, async once => {
      const { acceptDuplicate } = request.body
      const entry = audited(request, deps, (message: MessageDoc) => ({
        action: 'messages.retry',
        object: { kind: 'message', id: String(message._id) },
        changes: {
          status: { before: 'FAILED', after: message.status },
          ...(acceptDuplicate && { acceptDuplicate: { before: null, after: true } }),
        },
      }))
      const alongside = async (message: MessageDoc, session: Session) => {
        await entry(message, session)
        await once.keep(acceptedReply(message), session)
      }
      const { message, events } = await retryMessage(deps, caller, id, acceptDuplicate, alongside)
      void deps.events.publish(events, request.traceparent)
      void project(deps, message, request.traceparent)
      void enqueue(deps, message, request.traceparent)
      return acceptedReply(message)
    })
  },
})

export const messageRoutes = [
  ...sendTexts,
  sendTemplate,
  sendDefaultTemplate,
  sendAny,
  byId,
  timeline,
  timelineById,
  retry,
  search,
  byConversation,
]

/** Messages of a conversation, for both of its paths. @throws ApiError 404 */
export async function answerConversation(
  request: {
    caller: Caller | null
    params: { id: string }
    query: { page: number; limit: number; cursor?: string; order: 'asc' | 'desc' }
  },
  { store }: GatewayDeps,
) {
  const { tenantId } = callerOf(request)
  const { order, ...input } = request.query
  await getConversation(store, tenantId, request.params.id)
  return { body: pageView(await listMessages(store, tenantId, request.params.id, input, order === 'asc'), messageView) }
}

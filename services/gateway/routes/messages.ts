import { z } from 'zod'
import { SendAny, SendTemplate, SendText } from '#shared/contracts/outbound.ts'
import { MessageTimelineView } from '#shared/contracts/timeline.ts'
import { timelineOf } from '#shared/contracts/to-timeline.ts'
import { messageDetailView, messageView } from '#shared/contracts/to-views.ts'
import { MessageDetailView, MessageView } from '#shared/contracts/views.ts'
import { type Caller, callerOf, type Reply, route } from '#shared/http/route.ts'
import { getConversation } from '#shared/store/conversations.ts'
import { searchMessages } from '#shared/store/message-search.ts'
import { findMessageByKey, getMessage, listMessages } from '#shared/store/messages.ts'
import { pageView } from '#shared/store/pages.ts'
import { acceptedReply, acceptMessage, type Compose, ring } from '../accept-message.ts'
import { awaitOutcome } from '../await-outcome.ts'
import type { GatewayDeps } from '../deps.ts'
import { anyDraft, templateDraft, textDraft } from '../drafts.ts'
import { publishEvents } from '../events.ts'
import { idempotencyKeyOf, once } from '../idempotency.ts'
import { retryMessage } from '../retry-message.ts'
import { IdParams, listOf, ObjectIdText, Paging } from './schemas.ts'

/** `warnings`: what may come of it all the same, such as a window that ends before the message shall go. */
export const Accepted = MessageView.extend({
  jobId: z.string(),
  warnings: z.array(z.object({ code: z.string(), message: z.string() })),
})
const tag = 'messages'

const sendText = route<GatewayDeps, z.ZodType, z.ZodType, typeof SendText>({
  method: 'post',
  path: '/api/v1/messages/send',
  action: 'messages.send',
  bucket: 'messages',
  tag,
  summary: 'Queue a text; needs an open customer service window',
  body: SendText,
  idempotent: true,
  waits: true,
  status: 202,
  returns: Accepted,
  handle: (request, deps) => accept('text', request, deps, async () => textDraft(request.body)),
})

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
  handle: (request, deps) => accept('template', request, deps, where => templateDraft(deps.store, where, request.body)),
})

const sendAny = route<GatewayDeps, z.ZodType, z.ZodType, typeof SendAny>({
  method: 'post',
  path: '/api/v1/messages',
  action: 'messages.send',
  bucket: 'messages',
  tag,
  summary: 'Queue a message of any type, its content as Meta names it; all but templates need an open customer service window',
  body: SendAny,
  idempotent: true,
  waits: true,
  status: 202,
  returns: Accepted,
  handle: (request, deps) => accept('any', request, deps, where => anyDraft(deps.store, where, request.body)),
})

const search = route({
  method: 'get',
  path: '/api/v1/messages',
  action: 'messages.read',
  tag,
  summary: 'Messages of all conversations, newest first: by words, status, number, wamid, time',
  query: z.strictObject({
    ...Paging,
    q: z
      .string()
      .trim()
      .regex(/[\p{L}\p{N}]/u, 'a word has letters or digits')
      .max(200)
      .optional()
      .describe('Words, all of which a text holds'),
    status: z.enum(['QUEUED', 'SENT', 'DELIVERED', 'READ', 'FAILED', 'RECEIVED']).optional(),
    clientId: ObjectIdText.optional().describe('Of one number'),
    wamid: z.string().min(1).max(512).optional().describe("WhatsApp's id, also of an earlier attempt"),
    from: z.iso.datetime({ offset: true }).optional().describe('At this moment or later'),
    to: z.iso.datetime({ offset: true }).optional().describe('Before this moment'),
  }),
  returns: listOf(MessageView),
  async handle(request, { store }: GatewayDeps) {
    const { q, status, clientId, wamid, from, to, ...wish } = request.query
    const time = { from: from ? new Date(from) : undefined, to: to ? new Date(to) : undefined }
    const found = await searchMessages(store, callerOf(request).tenantId, { q, status, clientId, wamid, ...time }, wish)
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
  handle: answerThread,
})

const byId = route({
  method: 'get',
  path: '/api/v1/messages/by-id/{id}',
  action: 'messages.read',
  tag,
  summary: 'One message with its timeline: waits, attempts, statuses',
  params: IdParams,
  returns: MessageDetailView,
  async handle(request, { store, now }: GatewayDeps) {
    return { body: messageDetailView(await getMessage(store, callerOf(request).tenantId, request.params.id), now()) }
  },
})

/** Under both addresses of a message. */
const timelineAt = (path: string) =>
  route({
    method: 'get',
    path,
    action: 'messages.read',
    tag,
    summary: 'Where a message is: each wait with reason and duration, each attempt, each status, in one answer',
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
  summary: 'Send a failed message again; one whose outcome is unknown only with acceptDuplicate',
  params: IdParams,
  body: z.strictObject({ acceptDuplicate: z.boolean().default(false) }),
  idempotent: true,
  status: 202,
  returns: Accepted,
  async handle(request, deps: GatewayDeps) {
    const caller = callerOf(request)
    const { id } = request.params
    const asked = { what: 'retry', id, body: request.body }
    return once(deps, caller.tenantId, idempotencyKeyOf(request.headers), asked, async () => {
      const { message, events } = await retryMessage(deps, caller, id, request.body.acceptDuplicate)
      void publishEvents(deps, events, request.traceparent)
      void ring(deps, message, request.traceparent)
      return acceptedReply(message)
    })
  },
})

const isDuplicateKey = (error: unknown) => (error as { code?: unknown }).code === 11_000

export const messageRoutes = [sendText, sendTemplate, sendAny, byId, timeline, timelineById, retry, search, byConversation]

interface SendRequest {
  caller: Caller | null
  body: z.infer<typeof SendText> | z.infer<typeof SendTemplate> | z.infer<typeof SendAny>
  headers: Record<string, string | undefined>
  traceparent: string
}

/** Once per Idempotency-Key. The key stays with the message: when its record is gone, the message itself answers a repeat. */
async function accept(what: string, request: SendRequest, deps: GatewayDeps, compose: Compose): Promise<Reply> {
  const caller = callerOf(request)
  const { tenantId } = caller
  const idempotencyKey = idempotencyKeyOf(request.headers)
  const reply = await once(deps, tenantId, idempotencyKey, { what, body: request.body }, async () => {
    const findSent = async () => (idempotencyKey === null ? null : findMessageByKey(deps.store, tenantId, idempotencyKey))
    const sent = await findSent()
    if (sent) return acceptedReply(sent)
    const circumstances = { idempotencyKey, traceparent: request.traceparent }
    try {
      return acceptedReply(await acceptMessage(deps, caller, request.body, compose, circumstances))
    } catch (error) {
      // A try that was thought dead came first after all: its message is the answer.
      const winner = isDuplicateKey(error) ? await findSent() : null
      if (winner === null) throw error
      return acceptedReply(winner)
    }
  })
  return awaitOutcome(request, deps, reply)
}

/** Under both addresses of a thread. */
export async function answerThread(
  request: {
    caller: Caller | null
    params: { id: string }
    query: { page: number; limit: number; cursor?: string; order: 'asc' | 'desc' }
  },
  { store }: GatewayDeps,
) {
  const { tenantId } = callerOf(request)
  const { order, ...wish } = request.query
  await getConversation(store, tenantId, request.params.id)
  return { body: pageView(await listMessages(store, tenantId, request.params.id, wish, order === 'asc'), messageView) }
}

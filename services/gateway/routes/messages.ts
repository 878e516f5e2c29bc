import { Types } from 'mongoose'
import type { z } from 'zod'
import { z as zod } from 'zod'
import { type OutboundType, SendAny, SendTemplate, SendText } from '#shared/contracts/outbound.ts'
import { messageDetailView, messageView } from '#shared/contracts/to-views.ts'
import { MessageDetailView, MessageView } from '#shared/contracts/views.ts'
import { ApiError, notFound } from '#shared/domain/errors.ts'
import { fillTemplate } from '#shared/domain/template-fill.ts'
import { type Caller, callerOf, route } from '#shared/http/route.ts'
import type { MessageContent, MessageDoc, TemplateDoc } from '#shared/store/documents.ts'
import { findPage, pageView } from '#shared/store/pages.ts'
import { acceptedReply, acceptMessage, type Draft, dispatchFor, ring } from '../accept-message.ts'
import type { GatewayDeps } from '../deps.ts'
import { idempotencyKeyOf, once } from '../idempotency.ts'
import { IdParams, listOf, Paging } from './schemas.ts'

const Accepted = MessageView.extend({ jobId: zod.string() })
const tag = 'messages'

const sendText = route<GatewayDeps, z.ZodType, z.ZodType, typeof SendText>({
  method: 'post',
  path: '/api/v1/messages/send',
  action: 'messages.send',
  bucket: 'messages',
  tag,
  summary: 'Queue a text; needs an open customer service window',
  body: SendText,
  status: 202,
  returns: Accepted,
  handle: (request, deps) =>
    accept(request, deps, async () => {
      const { text, previewUrl } = request.body
      const payload = { type: 'text', text: { body: text, ...(previewUrl !== undefined && { preview_url: previewUrl }) } }
      return { type: 'text', payload, content: contentOf({ text, data: payload.text }), template: null }
    }),
})

const sendTemplate = route<GatewayDeps, z.ZodType, z.ZodType, typeof SendTemplate>({
  method: 'post',
  path: '/api/v1/messages/send-template',
  action: 'messages.sendTemplate',
  bucket: 'messages',
  tag,
  summary: 'Queue an approved template; may open a conversation',
  body: SendTemplate,
  status: 202,
  returns: Accepted,
  handle: (request, deps) =>
    accept(request, deps, async ({ client }) => {
      const template = await findTemplate(deps, callerOf(request).tenantId, client.wabaId, request.body)
      return templateDraft(template, request.body)
    }),
})

const sendAny = route<GatewayDeps, z.ZodType, z.ZodType, typeof SendAny>({
  method: 'post',
  path: '/api/v1/messages',
  action: 'messages.send',
  bucket: 'messages',
  tag,
  summary: 'Queue a message of any type, its content as Meta names it; needs an open customer service window',
  body: SendAny,
  status: 202,
  returns: Accepted,
  handle: (request, deps) => accept(request, deps, async () => freeFormDraft(request.body.type, request.body[request.body.type])),
})

const byConversation = route({
  method: 'get',
  path: '/api/v1/messages/{id}',
  action: 'messages.read',
  tag,
  summary: 'Messages of a conversation, newest first',
  params: IdParams,
  query: zod.strictObject({ ...Paging, order: zod.enum(['asc', 'desc']).default('desc') }),
  returns: listOf(MessageView),
  handle: listMessages,
})

const byId = route({
  method: 'get',
  path: '/api/v1/messages/by-id/{id}',
  action: 'messages.read',
  tag,
  summary: 'One message with its timeline: waits, attempts, statuses',
  params: IdParams,
  returns: MessageDetailView,
  async handle(request, { store }: GatewayDeps) {
    const message = await store.models.messages.findOne({ tenantId: callerOf(request).tenantId, _id: request.params.id }).lean()
    if (message === null) throw notFound('Message')
    return { body: messageDetailView(message) }
  },
})

const retry = route({
  method: 'post',
  path: '/api/v1/messages/by-id/{id}/retry',
  action: 'messages.retry',
  bucket: 'messages',
  tag,
  summary: 'Send a failed message again; one whose outcome is unknown only with acceptDuplicate',
  params: IdParams,
  body: zod.strictObject({ acceptDuplicate: zod.boolean().default(false) }),
  status: 202,
  returns: Accepted,
  async handle(request, deps: GatewayDeps) {
    const message = await retryMessage(deps, callerOf(request), request.params.id, request.body.acceptDuplicate)
    await ring(deps, message, request.traceparent)
    return acceptedReply(message)
  },
})

export const messageRoutes = [sendText, sendTemplate, sendAny, byId, retry, byConversation]

interface SendRequest {
  caller: Caller | null
  body: z.infer<typeof SendText> | z.infer<typeof SendTemplate> | z.infer<typeof SendAny>
  headers: Record<string, string | undefined>
  traceparent: string
}

/** Once per Idempotency-Key. The key stays with the message: when its record is gone, the message itself answers a repeat. */
async function accept(request: SendRequest, deps: GatewayDeps, compose: Parameters<typeof acceptMessage>[3]) {
  const caller = callerOf(request)
  const idempotencyKey = idempotencyKeyOf(request.headers)
  return once(deps, caller.tenantId, idempotencyKey, request.body, async () => {
    const sent =
      idempotencyKey && (await deps.store.models.messages.findOne({ tenantId: caller.tenantId, idempotencyKey }).lean())
    if (sent) return acceptedReply(sent)
    return acceptedReply(
      await acceptMessage(deps, caller, request.body, compose, { idempotencyKey, traceparent: request.traceparent }),
    )
  })
}

export async function listMessages(
  request: {
    caller: Caller | null
    params: { id: string }
    query: { page: number; limit: number; cursor?: string; order: 'asc' | 'desc' }
  },
  { store }: GatewayDeps,
) {
  const { tenantId } = callerOf(request)
  const { id } = request.params
  if ((await store.models.conversations.exists({ tenantId, _id: id, deletedAt: null })) === null) throw notFound('Conversation')
  const filter = { tenantId, conversationId: new Types.ObjectId(id) }
  const page = await findPage<MessageDoc>(store.models.messages, filter, 'at', request.query, {
    ascending: request.query.order === 'asc',
    projection: { timeline: 0, payload: 0 },
  })
  return { body: pageView(page, messageView) }
}

async function findTemplate(
  { store }: GatewayDeps,
  tenantId: string,
  wabaId: string,
  wish: z.infer<typeof SendTemplate>,
): Promise<TemplateDoc> {
  const named = { wabaId, name: wish.templateName, ...(wish.language && { language: wish.language }) }
  const which = wish.templateId ? { _id: wish.templateId } : named
  const found = await store.models.templates
    .find({ tenantId, deletedAt: null, ...which })
    .limit(2)
    .lean()
  if (found.length > 1)
    throw new ApiError(422, 'TEMPLATE_LANGUAGE_NEEDED', 'This template has several languages: name one', {
      errors: [{ path: 'language', message: 'is needed' }],
    })
  const [template] = found
  if (template === undefined)
    throw wish.templateId
      ? notFound('Template')
      : new ApiError(422, 'TEMPLATE_UNKNOWN', 'There is no such template in that language')
  if (template.status !== 'APPROVED')
    throw new ApiError(
      422,
      'TEMPLATE_NOT_APPROVED',
      `This template is ${template.status.toLowerCase()}; only approved ones may be sent`,
    )
  return template
}

function templateDraft(template: TemplateDoc, wish: z.infer<typeof SendTemplate>): Draft {
  const filled = fillTemplate(template, wish.variables, wish.headerMedia)
  if (filled.kind === 'wrong') {
    const detail = filled.problems.map(({ path, message }) => `${path}: ${message}`).join('; ')
    throw new ApiError(422, 'TEMPLATE_VARIABLES', detail, { errors: filled.problems })
  }
  const { name, language, category } = template
  const { components, text, variables } = filled
  const graph = { name, language: { code: language }, ...(components.length > 0 && { components }) }
  return {
    type: 'template',
    payload: { type: 'template', template: graph },
    content: contentOf({ text, template: { name, language, variables }, data: graph }),
    template: { category },
  }
}

const MEDIA: readonly OutboundType[] = ['image', 'video', 'audio', 'document', 'sticker']

function freeFormDraft(type: OutboundType, data: unknown): Draft {
  const value = data as {
    body?: unknown
    caption?: string
    text?: string
    filename?: string
    id?: string
    link?: string
    name?: string
    emoji?: string
  }
  const text =
    type === 'text'
      ? String(value.body)
      : type === 'interactive'
        ? ((value.body as { text?: string } | undefined)?.text ?? null)
        : (value.caption ?? value.filename ?? value.name ?? value.emoji ?? null)
  const media = MEDIA.includes(type)
    ? {
        id: new Types.ObjectId(),
        metaId: value.id ?? null,
        url: value.link ?? null,
        sha256: null,
        mimeType: null,
        filename: value.filename ?? null,
        size: null,
        state: 'PENDING' as const,
      }
    : null
  return { type, payload: { type, [type]: data }, content: { text, media, template: null, data }, template: null }
}

const contentOf = (own: Partial<MessageContent>): MessageContent => ({
  text: null,
  media: null,
  template: null,
  data: null,
  ...own,
})

/** A new attempt of the same message; the wamid of the failed one moves aside, so that its late statuses find it. */
async function retryMessage(
  { store, now }: GatewayDeps,
  caller: Caller,
  id: string,
  acceptDuplicate: boolean,
): Promise<MessageDoc> {
  const { tenantId } = caller
  const message = await store.models.messages.findOne({ tenantId, _id: id }).lean()
  if (message === null) throw notFound('Message')
  if (message.direction !== 'OUTBOUND' || message.status !== 'FAILED')
    throw new ApiError(409, 'NOT_FAILED', 'Only a failed message can be sent again')
  const isUnknown =
    message.error?.source === 'platform' && message.timeline.findLast(entry => entry.kind === 'attempt')?.outcome === 'unknown'
  if (isUnknown && !acceptDuplicate)
    throw new ApiError(
      409,
      'OUTCOME_UNKNOWN',
      'WhatsApp may have delivered it. Send {"acceptDuplicate": true} to send it all the same',
    )
  const at = now()
  const attempt = message.timeline.filter(entry => entry.kind === 'attempt').length
  const update = {
    $set: { status: 'QUEUED', statusUpdatedAt: at, error: null, wamid: null, dispatch: { ...dispatchFor(null, at), attempt } },
    $push: {
      timeline: { kind: 'note', at, detail: `sent again by ${caller.name}` },
      ...(message.wamid && { previousIds: message.wamid }),
    },
  }
  const retried = await store.models.messages
    .findOneAndUpdate({ tenantId, _id: id, status: 'FAILED' }, update, { returnDocument: 'after' })
    .lean()
  if (retried === null) throw new ApiError(409, 'NOT_FAILED', 'It is being sent already')
  return retried
}

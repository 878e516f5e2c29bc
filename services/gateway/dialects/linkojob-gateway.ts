import { z } from 'zod'
import { TemplateVariables } from '#shared/contracts/outbound.ts'
import { text as visibleText } from '#shared/contracts/outbound-parts.ts'
import { ApiError } from '#shared/domain/errors.ts'
import { callerOf, type Reply, route } from '#shared/http/route.ts'
import { getConversation, listConversations } from '#shared/store/inbox/conversations.ts'
import { listMessages } from '#shared/store/inbox/messages.ts'
import { windowAt } from '../conversations/routes.ts'
import type { GatewayDeps } from '../deps.ts'
import type { Accepted } from '../messages/routes.ts'
import { acceptDefaultTemplate, acceptText } from '../messages/sends.ts'
import { TEXT_PATH as CANONICAL_TEXT_PATH } from '../messages/window.ts'
import { IdParams, ObjectIdText, Paging } from '../schemas.ts'
import { readAt } from './linkojob-messages.ts'
import { LinkoJobConversation, LinkoJobMessage, linkoJobConversation, linkoJobMessage } from './linkojob-views.ts'

/**
 * Compatibility API of LinkoJob's service behind its gateway. Its specification defines no bodies; those of LinkoJob's messages are
 * used where they fit.
 */
const tag = 'LinkoJob behind its gateway'
const TEXT_PATH = '/api/messages/text'

const recipient = {
  to: z.string().min(1).max(80).optional(),
  candidatePhone: z.string().min(1).max(80).optional().describe('Alias of to'),
  conversationId: ObjectIdText.optional(),
  clientId: z.string().min(1).max(128).optional().describe("Number id: Linko's, Meta's, or its owner's id on your platform"),
}
type Recipient = { [name in keyof typeof recipient]?: string | undefined }
const namesOne = ({ to, candidatePhone, conversationId }: Recipient) =>
  (to === undefined || candidatePhone === undefined) && (to ?? candidatePhone ?? conversationId) !== undefined
const needsOne = { error: 'Give to, candidatePhone or conversationId', path: ['to'] }

const text = visibleText(4096).optional()
const TextBody = z
  .strictObject({ ...recipient, text, message: text.describe('Alias of text') })
  .refine(namesOne, needsOne)
  .refine(body => (body.text === undefined) !== (body.message === undefined), {
    error: 'Give either text or message',
    path: ['text'],
  })

const TemplateBody = z
  .strictObject({
    ...recipient,
    variables: TemplateVariables.default({}).describe('Values by name or by position; a list counts from 1'),
    templateName: z.string().min(1).max(512).optional().describe("Template to send instead of the account's default"),
    language: z.string().min(1).max(20).optional(),
    candidateName: z
      .string()
      .min(1)
      .max(200)
      .optional()
      .describe('Stored with the conversation; fills the variable of that name'),
    jobTitle: z.string().min(1).max(200).optional().describe('Fills the variable of that name'),
  })
  .refine(namesOne, needsOne)

const Sent = z.object({
  success: z.boolean(),
  messageId: z.string(),
  conversationId: z.string(),
  status: z.string(),
  cost: z.number(),
})

const sendText = route<GatewayDeps, z.ZodType, z.ZodType, typeof TextBody>({
  method: 'post',
  path: TEXT_PATH,
  action: 'messages.send',
  bucket: 'messages',
  tag,
  summary: 'Send a text message; 400 when the customer service window is closed',
  body: TextBody,
  idempotent: true,
  waits: true,
  status: 202,
  returns: Sent,
  async handle(request, deps) {
    const { text, message, ...to } = request.body
    const body = { ...recipientOf(to), text: (text ?? message) as string }
    return sent(await acceptText({ ...request, body }, deps).catch(asBadRequest))
  },
})

const sendTemplate = route<GatewayDeps, z.ZodType, z.ZodType, typeof TemplateBody>({
  method: 'post',
  path: '/api/messages/template',
  action: 'messages.sendTemplate',
  bucket: 'messages',
  tag,
  summary: "Send the account's default template; 400 when the customer service window is open",
  body: TemplateBody,
  idempotent: true,
  waits: true,
  status: 202,
  returns: Sent,
  async handle(request, deps) {
    const { to, candidatePhone, conversationId, ...rest } = request.body
    const body = { ...recipientOf({ to, candidatePhone, conversationId }), ...rest }
    return sent(await acceptDefaultTemplate({ ...request, body }, deps).catch(asBadRequest))
  },
})

const recipientOf = ({ to, candidatePhone, ...others }: Recipient) => ({ to: to ?? candidatePhone, ...others })

function sent(reply: Reply): Reply {
  const { id: messageId, conversationId, status, cost } = reply.body as z.infer<typeof Accepted>
  const own = { success: status !== 'FAILED', messageId, conversationId, status: status.toLowerCase(), cost: cost?.amount ?? 0 }
  return { ...reply, body: own }
}

/** Rethrows a window error as 400, and names this API's own path for texts when the window is open. */
function asBadRequest(error: unknown): never {
  if (!(error instanceof ApiError) || !/^WINDOW_(CLOSED|OPEN)$/.test(error.errorCode)) throw error
  const { errorCode, message, errors, headers, extra } = error
  const own = errorCode === 'WINDOW_OPEN' ? { ...extra, useInstead: TEXT_PATH } : extra
  throw new ApiError(400, errorCode, message.replace(CANONICAL_TEXT_PATH, TEXT_PATH), {
    errors,
    headers,
    extra: own,
    cause: error,
  })
}

const page = { total: z.number().int(), page: z.number().int(), limit: z.number().int(), hasMore: z.boolean() }

const conversations = route({
  method: 'get',
  path: '/api/conversations',
  action: 'conversations.read',
  tag,
  summary: 'List conversations by latest activity',
  query: z.strictObject({ page: Paging.page, limit: Paging.limit }),
  returns: z.object({ conversations: z.array(LinkoJobConversation), ...page }),
  async handle(request, { store, now }: GatewayDeps) {
    const found = await listConversations(store, callerOf(request).tenantId, {}, request.query)
    const { total, limit, hasMore } = found
    const rows = found.rows.map(row => linkoJobConversation(row, now()))
    return { body: { conversations: rows, total, page: found.page, limit, hasMore } }
  },
})

const messages = route({
  method: 'get',
  path: '/api/conversations/{id}/messages',
  action: 'messages.read',
  tag,
  summary: 'List the messages of a conversation, newest first',
  params: IdParams,
  query: z.strictObject({ page: Paging.page, limit: Paging.limit }),
  returns: z.object({ messages: z.array(LinkoJobMessage), ...page }),
  async handle(request, { store, config }: GatewayDeps) {
    const { tenantId } = callerOf(request)
    await getConversation(store, tenantId, request.params.id)
    const found = await listMessages(store, tenantId, request.params.id, request.query, false)
    const { total, limit, hasMore } = found
    const rows = found.rows.map(row => linkoJobMessage(row, config.BASE_URL))
    return { body: { messages: rows, total, page: found.page, limit, hasMore } }
  },
})

export const linkoJobGatewayRoutes = [
  sendText,
  sendTemplate,
  conversations,
  messages,
  readAt('/api/conversations/{id}/read', tag),
  windowAt('/api/conversations/{id}/window', tag),
]

import { z } from 'zod'
import { TemplateVariables } from '#shared/contracts/outbound.ts'
import { text } from '#shared/contracts/outbound-parts.ts'
import { callerOf, route } from '#shared/http/route.ts'
import { getConversation, listConversations } from '#shared/store/inbox/conversations.ts'
import { listMessages } from '#shared/store/inbox/messages.ts'
import { getNamedClient } from '#shared/store/numbers/clients.ts'
import { applyChange } from '../conversations/change.ts'
import type { GatewayDeps } from '../deps.ts'
import type { Accepted } from '../messages/routes.ts'
import { acceptOnce } from '../messages/sends.ts'
import { textOrTemplate } from '../messages/text-or-template.ts'
import { IdParams, Paging } from '../schemas.ts'
import { LinkoJobConversation, LinkoJobMessage, linkoJobConversation, linkoJobMessage } from './linkojob-views.ts'

/** Message routes of LinkoJob's compatibility API. */
const tag = 'LinkoJob messages'

const shortText = z.string().min(1).max(200).optional()
const NumberName = z.string().min(1).max(128).describe("Number id: Linko's, Meta's, or its owner's id on your platform")

const SendBody = z.strictObject({
  clientId: NumberName,
  candidatePhone: z.string().min(1).max(80),
  message: text(4096).optional().describe('Text, sent free of charge while the customer service window is open'),
  templateName: z
    .string()
    .min(1)
    .max(512)
    .optional()
    .describe("Template, sent while the window is closed; by default the account's own"),
  templateVars: TemplateVariables.optional().describe('Values by name or by position; a list counts from 1'),
  language: z.string().min(1).max(20).optional().describe('Language of the named template, if it has several'),
  candidateName: shortText.describe(
    'Stored with the conversation; fills the variable of that name, as do jobTitle and companyName',
  ),
  jobTitle: shortText,
  companyName: shortText,
  candidateId: z.string().min(1).max(128).optional(),
  applicationId: z.string().min(1).max(128).optional(),
})

const Sent = z.object({
  success: z.boolean(),
  messageId: z.string(),
  cost: z.number(),
  costDetail: z.object({ amount: z.number(), currency: z.string(), category: z.string() }).nullable(),
  /** WhatsApp's id, with `Prefer: wait` if the message was sent in time. */
  externalMessageId: z.string().optional(),
  errorMessage: z.string().optional(),
})

const send = route<GatewayDeps, z.ZodType, z.ZodType, typeof SendBody>({
  method: 'post',
  path: '/api/messages/send',
  action: 'messages.send',
  bucket: 'messages',
  tag,
  summary: 'Send the text while the customer service window is open, otherwise the template',
  body: SendBody,
  idempotent: true,
  waits: true,
  status: 202,
  returns: Sent,
  async handle(request, deps) {
    const reply = await acceptOnce('linkojob send', request, deps, async () => {
      const { clientId, candidatePhone: to, candidateName, candidateId, applicationId, ...rest } = request.body
      const { message: text, templateVars: variables = {}, ...named } = rest
      const input = { to, clientId, candidateName, candidateId, applicationId }
      return textOrTemplate(deps, callerOf(request), input, { text, variables, ...named })
    })
    return { ...reply, body: sentView(reply.body as z.infer<typeof Accepted>) }
  },
})

function sentView({ id, status, cost, externalMessageId, error }: z.infer<typeof Accepted>): z.infer<typeof Sent> {
  return {
    success: status !== 'FAILED',
    messageId: id,
    cost: cost?.amount ?? 0,
    costDetail: cost,
    ...(externalMessageId !== null && { externalMessageId }),
    ...(error && { errorMessage: error.sentence }),
  }
}

const conversations = route({
  method: 'get',
  path: '/api/messages/conversations',
  action: 'conversations.read',
  tag,
  summary: 'List conversations, of one number if clientId is given, by latest activity',
  query: z.strictObject({ clientId: NumberName.optional(), page: Paging.page, limit: Paging.limit }),
  returns: z.object({ conversations: z.array(LinkoJobConversation), total: z.number().int(), hasMore: z.boolean() }),
  async handle(request, { store, now }: GatewayDeps) {
    const { tenantId } = callerOf(request)
    const { clientId: name, ...input } = request.query
    const clientId = name === undefined ? undefined : String((await getNamedClient(store, tenantId, name))._id)
    const { rows, total, hasMore } = await listConversations(store, tenantId, { clientId }, input)
    return { body: { conversations: rows.map(row => linkoJobConversation(row, now())), total, hasMore } }
  },
})

const MESSAGES_AT_ONCE = 100

const conversation = route({
  method: 'get',
  path: '/api/messages/conversation/{id}',
  action: 'messages.read',
  tag,
  summary: 'Get a conversation with its newest 100 messages in order of time; nextCursor leads to older ones',
  params: IdParams,
  query: z.strictObject({ cursor: Paging.cursor }),
  returns: z.object({
    conversation: LinkoJobConversation,
    messages: z.array(LinkoJobMessage),
    nextCursor: z.string().nullable(),
  }),
  async handle(request, { store, now, config }: GatewayDeps) {
    const { tenantId } = callerOf(request)
    const { id } = request.params
    const row = await getConversation(store, tenantId, id)
    const input = { page: 1, limit: MESSAGES_AT_ONCE, cursor: request.query.cursor }
    const { rows, nextCursor } = await listMessages(store, tenantId, id, input, false)
    const messages = rows.toReversed().map(message => linkoJobMessage(message, config.BASE_URL))
    return { body: { conversation: linkoJobConversation(row, now()), messages, nextCursor } }
  },
})

/** Route that marks a conversation as read, for both compatibility APIs of LinkoJob. */
export const readAt = (path: string, itsTag: string) =>
  route({
    method: 'patch',
    path,
    action: 'conversations.markRead',
    bucket: 'read',
    tag: itsTag,
    summary: 'Mark a conversation as read',
    params: IdParams,
    returns: z.object({ success: z.boolean() }),
    async handle(request, deps: GatewayDeps) {
      const caller = callerOf(request)
      const row = await getConversation(deps.store, caller.tenantId, request.params.id)
      await applyChange(deps, row, { set: {}, read: { upTo: null } }, { caller, traceparent: request.traceparent })
      return { body: { success: true } }
    },
  })

export const linkoJobMessageRoutes = [send, conversations, conversation, readAt('/api/messages/conversation/{id}/read', tag)]

import { z } from 'zod'
import { text as visibleText } from '#shared/contracts/outbound-parts.ts'
import { type Caller, callerOf, type Reply, route } from '#shared/http/route.ts'
import type { ConversationDoc } from '#shared/model/documents.ts'
import { conversationsOf, getLead } from '#shared/store/contacts/leads.ts'
import { listConversations } from '#shared/store/inbox/conversations.ts'
import { searchMessages } from '#shared/store/inbox/message-search.ts'
import { listMessages, listMessagesOf } from '#shared/store/inbox/messages.ts'
import { getConversationsOfPhone, numberSpeakingWith } from '../conversations/by-phone.ts'
import { applyChange, assignTo, type Changes } from '../conversations/change.ts'
import type { GatewayDeps } from '../deps.ts'
import { templateDraft, textDraft } from '../messages/drafts.ts'
import type { Accepted } from '../messages/routes.ts'
import { acceptOnce } from '../messages/sends.ts'
import { ObjectIdText, Paging } from '../schemas.ts'
import {
  CrmConversation,
  CrmMessage,
  CrmMessageLog,
  crmConversations,
  crmListOf,
  crmMessageLogs,
  crmMessages,
} from './crm-views.ts'

/** Compatibility API of the CRM module: contacts are addressed by phone number, sends are jobs whose `jobId` is the message id. */
const tag = 'CRM module'

const clientId = ObjectIdText.optional().describe(
  'Number to use; by default that of the latest conversation, else the primary number',
)
const target = { toPhone: z.string().min(1).max(80), leadId: ObjectIdText.optional(), clientId }
const SendBody = z.strictObject({ ...target, text: visibleText(4096) })
const SendTemplateBody = z.strictObject({
  ...target,
  templateId: ObjectIdText,
  variables: z.record(z.string().max(100), z.string().max(1024)).default({}).describe('Values by position or by name'),
})
const paged = (limit: number) => ({ page: Paging.page, limit: z.coerce.number().int().min(1).max(100).default(limit) })
const PhoneParams = z.strictObject({ id: z.string().min(1).max(160).describe("Contact's phone number, with or without +") })
const Whose = z.strictObject({ clientId })

const send = route<GatewayDeps, z.ZodType, z.ZodType, typeof SendBody>({
  method: 'post',
  path: '/api/integrations/whatsapp/send',
  action: 'messages.send',
  bucket: 'messages',
  tag,
  summary: 'Queue a text message; requires an open customer service window',
  body: SendBody,
  idempotent: true,
  status: 202,
  returns: z.object({ jobId: z.string(), status: z.literal('PENDING'), message: z.string() }),
  async handle(request, deps) {
    const { text } = request.body
    const reply = await acceptOnce('crm text', withoutPrefer(request), deps, async () => ({
      input: await inputOf(deps, callerOf(request).tenantId, request.body),
      compose: async () => textDraft({ text }),
    }))
    const { jobId } = reply.body as z.infer<typeof Accepted>
    return { ...reply, body: { jobId, status: 'PENDING', message: 'Message queued for sending' } }
  },
})

const sendTemplate = route<GatewayDeps, z.ZodType, z.ZodType, typeof SendTemplateBody>({
  method: 'post',
  path: '/api/integrations/whatsapp/templates/send',
  action: 'messages.sendTemplate',
  bucket: 'messages',
  tag,
  summary: 'Queue an approved template message',
  body: SendTemplateBody,
  idempotent: true,
  status: 202,
  returns: z.object({ jobId: z.string(), messageLogId: z.string(), status: z.literal('QUEUED'), message: z.string() }),
  async handle(request, deps) {
    const { templateId, variables } = request.body
    const reply = await acceptOnce('crm template', withoutPrefer(request), deps, async () => ({
      input: await inputOf(deps, callerOf(request).tenantId, request.body),
      compose: where => templateDraft(deps.store, where, { templateId, variables }),
    }))
    const { jobId, id: messageLogId } = reply.body as z.infer<typeof Accepted>
    return { ...reply, body: { jobId, messageLogId, status: 'QUEUED', message: 'Template message queued for sending' } }
  },
})

/** Request without its `Prefer` header: responses of this API only say that the message is queued. */
const withoutPrefer = <R extends { headers: Record<string, string | undefined> }>(request: R): R => ({
  ...request,
  headers: { ...request.headers, prefer: undefined },
})

/** Send input; without a given number, the one of the latest conversation with this phone is used. */
async function inputOf(
  { store }: GatewayDeps,
  tenantId: string,
  { toPhone: to, leadId, clientId: named }: { toPhone: string; leadId?: string | undefined; clientId?: string | undefined },
) {
  return { to, clientId: named ?? (await numberSpeakingWith(store, tenantId, to)), leadId }
}

const messages = route({
  method: 'get',
  path: '/api/integrations/messages',
  action: 'messages.read',
  tag,
  summary: 'List messages, of one lead if leadId is given, newest first',
  query: z.strictObject({ leadId: ObjectIdText.optional(), ...paged(20) }),
  returns: crmListOf(CrmMessage),
  async handle(request, { store }: GatewayDeps) {
    const { tenantId } = callerOf(request)
    const { leadId, ...input } = request.query
    const { rows, total, page, limit } =
      leadId === undefined
        ? await searchMessages(store, tenantId, {}, input)
        : await listMessagesOf(store, tenantId, await conversationsOf(store, await getLead(store, tenantId, leadId)), input)
    return { body: { data: await crmMessages(store, tenantId, rows), total, page, limit } }
  },
})

const conversations = route({
  method: 'get',
  path: '/api/integrations/conversations',
  action: 'conversations.read',
  tag,
  summary: 'List conversations by latest activity',
  query: z.strictObject({ provider: z.literal('WHATSAPP').optional(), clientId, ...paged(20) }),
  returns: crmListOf(CrmConversation),
  async handle(request, { store }: GatewayDeps) {
    const { tenantId } = callerOf(request)
    const { provider: _all, clientId: own, ...input } = request.query
    const { rows, total, page, limit } = await listConversations(store, tenantId, { clientId: own }, input)
    return { body: { data: await crmConversations(store, tenantId, rows), total, page, limit } }
  },
})

/** Header with the numbers of further conversations with the same contact; the latest conversation is in the body. */
const othersOf = (others: ConversationDoc[]): Record<string, string> =>
  others.length > 0 ? { 'x-other-clients': others.map(other => String(other.clientId)).join(', ') } : {}

const conversation = route({
  method: 'get',
  path: '/api/integrations/conversations/{id}/messages',
  action: 'messages.read',
  tag,
  summary: 'List the messages of a conversation, newest first',
  params: PhoneParams,
  query: z.strictObject({ clientId, ...paged(50) }),
  returns: crmListOf(CrmMessageLog),
  async handle(request, { store }: GatewayDeps) {
    const { tenantId } = callerOf(request)
    const { clientId: own, ...input } = request.query
    const { conversation, others } = await getConversationsOfPhone(store, tenantId, request.params.id, own)
    const { rows, total, page, limit } = await listMessages(store, tenantId, String(conversation._id), input, false)
    return { body: { data: await crmMessageLogs(store, tenantId, rows), total, page, limit }, headers: othersOf(others) }
  },
})

const AssignBody = z.strictObject({
  assignedToId: z
    .union([ObjectIdText, z.literal('auto')])
    .nullable()
    .describe("User id, 'auto' for the available agent whose turn it is, or null to unassign"),
})

const assign = route<GatewayDeps, typeof PhoneParams, typeof Whose, typeof AssignBody>({
  method: 'patch',
  path: '/api/integrations/conversations/{id}/assign',
  action: 'conversations.assign',
  bucket: 'read',
  tag,
  summary: 'Assign a conversation',
  params: PhoneParams,
  query: Whose,
  body: AssignBody,
  returns: CrmConversation,
  handle: (request, deps) => change(request, deps, (row, caller) => assignTo(row, caller, request.body.assignedToId, deps)),
})

const markRead = route<GatewayDeps, typeof PhoneParams, typeof Whose>({
  method: 'patch',
  path: '/api/integrations/conversations/{id}/mark-read',
  action: 'conversations.markRead',
  bucket: 'read',
  tag,
  summary: 'Mark a conversation as read',
  params: PhoneParams,
  query: Whose,
  returns: CrmConversation,
  handle: (request, deps) => change(request, deps, async () => ({ set: {}, read: { upTo: null } })),
})

async function change(
  request: { caller: Caller | null; params: z.infer<typeof PhoneParams>; query: z.infer<typeof Whose>; traceparent: string },
  deps: GatewayDeps,
  changesOf: (row: ConversationDoc, caller: Caller) => Promise<Changes>,
): Promise<Reply> {
  const caller = callerOf(request)
  const { conversation, others } = await getConversationsOfPhone(
    deps.store,
    caller.tenantId,
    request.params.id,
    request.query.clientId,
  )
  const changed = await applyChange(deps, conversation, await changesOf(conversation, caller), {
    caller,
    traceparent: request.traceparent,
  })
  const [body] = await crmConversations(deps.store, caller.tenantId, [changed])
  return { body, headers: othersOf(others) }
}

export const crmRoutes = [send, sendTemplate, messages, conversations, conversation, assign, markRead]

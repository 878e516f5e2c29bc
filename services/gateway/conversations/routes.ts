import { z } from 'zod'
import { ConversationView, MessageView } from '#shared/contracts/views.ts'
import { type Caller, callerOf, route } from '#shared/http/route.ts'
import type { ConversationDoc } from '#shared/model/documents.ts'
import { getTenant } from '#shared/store/accounts/tenants.ts'
import { getConversation, listConversations } from '#shared/store/inbox/conversations.ts'
import { pageView } from '#shared/store/pages.ts'
import { conversationView } from '#shared/views/views.ts'
import type { GatewayDeps } from '../deps.ts'
import { sendTyping } from '../messages/receipts.ts'
import { answerConversation } from '../messages/routes.ts'
import { WindowView, windowView } from '../messages/window.ts'
import { flagText, IdParams, listOf, ObjectIdText, Paging } from '../schemas.ts'
import { applyChange, assignTo, type Changes } from './change.ts'

const tag = 'conversations'

const ListQuery = z.strictObject({
  ...Paging,
  unread: flagText.optional(),
  mine: flagText.optional(),
  unassigned: flagText.optional(),
  status: z.enum(['open', 'closed']).optional(),
  label: z.string().min(1).max(64).optional(),
  clientId: ObjectIdText.optional(),
  number: z.string().max(32).optional(),
  candidateId: z.string().max(128).optional(),
  applicationId: z.string().max(128).optional(),
  closesWithin: z.coerce
    .number()
    .int()
    .min(1)
    .max(1440)
    .optional()
    .describe('Minutes within which the window closes, for conversations whose last message is from the customer'),
  q: z.string().min(1).max(100).optional(),
})

const list = route({
  method: 'get',
  path: '/api/v1/conversations',
  action: 'conversations.read',
  tag,
  summary: 'Conversations, newest activity first',
  query: ListQuery,
  returns: listOf(ConversationView),
  async handle(request, { store, now }: GatewayDeps) {
    const { tenantId, id } = callerOf(request)
    const { mine, closesWithin, number: phoneNumberId, page: number, limit, cursor, ...filters } = request.query
    const closing = closesWithin ? { from: now(), to: new Date(now().getTime() + closesWithin * 60_000) } : undefined
    const own = { ...filters, closing, phoneNumberId, ...(mine && { assigneeId: id }) }
    const page = await listConversations(store, tenantId, own, { page: number, limit, cursor })
    return { body: pageView(page, row => conversationView(row, now())) }
  },
})

const one = route({
  method: 'get',
  path: '/api/v1/conversations/{id}',
  action: 'conversations.read',
  tag,
  summary: 'One conversation',
  params: IdParams,
  returns: ConversationView,
  async handle(request, deps: GatewayDeps) {
    return {
      body: conversationView(await getConversation(deps.store, callerOf(request).tenantId, request.params.id), deps.now()),
    }
  },
})

const messages = route({
  method: 'get',
  path: '/api/v1/conversations/{id}/messages',
  action: 'messages.read',
  tag,
  summary: 'Messages of a conversation, newest first',
  params: IdParams,
  query: z.strictObject({ ...Paging, order: z.enum(['asc', 'desc']).default('desc') }),
  returns: listOf(MessageView),
  handle: answerConversation,
})

/** Route of the customer service window, also used for LinkoJob's path. */
export const windowAt = (path: string, itsTag: string) =>
  route({
    method: 'get',
    path,
    action: 'conversations.read',
    tag: itsTag,
    summary: 'Whether free text may be sent now, and the template to use if not',
    params: IdParams,
    returns: WindowView,
    async handle(request, { store, now }: GatewayDeps) {
      const { tenantId } = callerOf(request)
      const { windowExpiresAt } = await getConversation(store, tenantId, request.params.id)
      return { body: windowView(windowExpiresAt, await getTenant(store, tenantId), now()) }
    },
  })

type Change = (conversation: ConversationDoc, caller: Caller, body: never, deps: GatewayDeps) => Promise<Changes> | Changes

/** Routes of one change of a conversation, under PUT and PATCH: the systems that Linko replaces differ in the verb. */
function changeRoutes<Body extends z.ZodType>(
  name: string,
  action: 'conversations.markRead' | 'conversations.take' | 'conversations.status',
  summary: string,
  body: Body | undefined,
  change: Change,
) {
  return (['put', 'patch'] as const).map(method =>
    route({
      method,
      path: `/api/v1/conversations/{id}/${name}`,
      action,
      bucket: 'read',
      tag,
      summary,
      params: IdParams,
      body,
      returns: ConversationView,
      async handle(request, deps: GatewayDeps) {
        const caller = callerOf(request)
        const conversation = await getConversation(deps.store, caller.tenantId, request.params.id)
        const changes = await change(conversation, caller, request.body as never, deps)
        const changed = await applyChange(deps, conversation, changes, request.traceparent)
        return { body: conversationView(changed, deps.now()) }
      },
    }),
  )
}

const ReadBody = z.strictObject({
  upTo: ObjectIdText.optional().describe('Id of the last message that was seen; later messages stay unread'),
})

const read = changeRoutes(
  'read',
  'conversations.markRead',
  'Mark a conversation as read, completely or up to a message',
  ReadBody,
  (_row, _caller, { upTo }: z.infer<typeof ReadBody>) => ({ set: {}, read: { upTo: upTo ?? null } }),
)

const status = changeRoutes(
  'status',
  'conversations.status',
  'Open or close a conversation',
  z.strictObject({ status: z.enum(['open', 'closed']) }),
  async (_row, _caller, body: { status: 'open' | 'closed' }) => ({ set: { status: body.status } }),
)

const AssignBody = z
  .strictObject({
    assignedToId: z
      .union([ObjectIdText, z.literal('auto')])
      .nullable()
      .optional(),
    agentId: ObjectIdText.nullable().optional(),
  })
  .refine(body => body.assignedToId !== undefined || body.agentId !== undefined, {
    error: 'Give `assignedToId`',
    path: ['assignedToId'],
  })

const assign = changeRoutes(
  'assign',
  'conversations.take',
  "Assign to a user, the least busy agent ('auto') or nobody (null); agents may only assign an unassigned one to themselves",
  AssignBody,
  (row, caller, { assignedToId, agentId }: z.infer<typeof AssignBody>, deps) =>
    assignTo(row, caller, assignedToId !== undefined ? assignedToId : (agentId ?? null), deps),
)

const window = windowAt('/api/v1/conversations/{id}/window', tag)

const typing = route({
  method: 'post',
  path: '/api/v1/conversations/{id}/typing',
  action: 'conversations.typing',
  bucket: 'read',
  tag,
  summary:
    'Show the customer that an agent is typing, for at most 25 s or until a message is sent; repeat it while typing goes on',
  params: IdParams,
  status: 202,
  returns: z.object({
    shown: z
      .boolean()
      .describe('False when the customer has not written in the last 30 days or the account sends no read receipts'),
  }),
  async handle(request, deps: GatewayDeps) {
    const conversation = await getConversation(deps.store, callerOf(request).tenantId, request.params.id)
    return { body: { shown: await sendTyping(deps, conversation, request.traceparent) } }
  },
})

export const conversationRoutes = [list, one, messages, window, typing, ...read, ...assign, ...status]

import { Types } from 'mongoose'
import { z } from 'zod'
import { conversationView } from '#shared/contracts/to-views.ts'
import { ConversationView, MessageView } from '#shared/contracts/views.ts'
import { ApiError } from '#shared/domain/errors.ts'
import { windowIsOpen } from '#shared/domain/service-window.ts'
import { type Caller, callerOf, route } from '#shared/http/route.ts'
import { trusted } from '#shared/store/connect.ts'
import { changeConversation, countOpenConversations, getConversation, listConversations } from '#shared/store/conversations.ts'
import type { ConversationDoc, EventDoc } from '#shared/store/documents.ts'
import { readMessages } from '#shared/store/messages.ts'
import { pageView } from '#shared/store/pages.ts'
import { getTenant } from '#shared/store/tenants.ts'
import { findUser } from '#shared/store/users.ts'
import type { GatewayDeps } from '../deps.ts'
import { conversationUpdated, eventOf, publishEvents } from '../events.ts'
import { tellRead, tellTyping } from '../receipts.ts'
import { suggestTemplate } from '../window.ts'
import { answerThread } from './messages.ts'
import { flagText, IdParams, listOf, ObjectIdText, Paging } from './schemas.ts'

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
    .describe('Minutes: the customer has the last word, and the window closes by then'),
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
  handle: answerThread,
})

const window = route({
  method: 'get',
  path: '/api/v1/conversations/{id}/window',
  action: 'conversations.read',
  tag,
  summary: 'Whether free text may be sent now, and else the template that would work',
  params: IdParams,
  returns: z.object({
    inWindow: z.boolean(),
    windowExpiresAt: z.iso.datetime().nullable(),
    secondsLeft: z.number().int(),
    suggestedTemplate: z.object({ name: z.string(), language: z.string() }).nullable(),
  }),
  async handle(request, deps: GatewayDeps) {
    const { tenantId } = callerOf(request)
    const { windowExpiresAt } = await getConversation(deps.store, tenantId, request.params.id)
    const now = deps.now()
    const inWindow = windowIsOpen(windowExpiresAt, now)
    const secondsLeft = inWindow && windowExpiresAt ? Math.floor((windowExpiresAt.getTime() - now.getTime()) / 1000) : 0
    const suggestedTemplate = inWindow ? null : suggestTemplate(await getTenant(deps.store, tenantId), windowExpiresAt)
    return { body: { inWindow, windowExpiresAt: windowExpiresAt?.toISOString() ?? null, secondsLeft, suggestedTemplate } }
  },
})

type Change = (conversation: ConversationDoc, caller: Caller, body: never, deps: GatewayDeps) => Promise<Changes> | Changes

interface Changes {
  set: Partial<ConversationDoc>
  /** Instead of a set: what is unread up to here is read. Decided by the row in the transaction. */
  read?: { upTo: string | null }
  /** What must still hold when it is written; else 409. */
  provided?: { 'assignedTo.id': null }
}

/** One change of a conversation under PUT and PATCH: the seeds disagree on the verb. */
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
        // Of our own making: a request id is the caller's word and may come twice, from two tenants even.
        const changed = await applyChange(deps, conversation, changes, `g:${new Types.ObjectId()}`, request.traceparent)
        return { body: conversationView(changed, deps.now()) }
      },
    }),
  )
}

const ReadBody = z.strictObject({
  upTo: ObjectIdText.optional().describe('The last message that was seen: later ones stay unread'),
})

const read = changeRoutes(
  'read',
  'conversations.markRead',
  'Mark a conversation as read, whole or up to a message',
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
    error: 'give assignedToId',
    path: ['assignedToId'],
  })

const assign = changeRoutes(
  'assign',
  'conversations.take',
  "Assign to a user, to nobody (null) or to whoever has least to do ('auto'); agents may take an unassigned one for themselves",
  AssignBody,
  assignTo,
)

const typing = route({
  method: 'post',
  path: '/api/v1/conversations/{id}/typing',
  action: 'conversations.typing',
  bucket: 'read',
  tag,
  summary: 'Show the customer that somebody is writing, for 25 s at most or until a message goes; repeat it while it lasts',
  params: IdParams,
  status: 202,
  returns: z.object({
    shown: z.boolean().describe('False: the customer has not written lately, or the account sends no read receipts'),
  }),
  async handle(request, deps: GatewayDeps) {
    const conversation = await getConversation(deps.store, callerOf(request).tenantId, request.params.id)
    return { body: { shown: await tellTyping(deps, conversation, request.traceparent) } }
  },
})

export const conversationRoutes = [list, one, messages, window, typing, ...read, ...assign, ...status]

async function assignTo(
  row: ConversationDoc,
  caller: Caller,
  body: z.infer<typeof AssignBody>,
  { store }: GatewayDeps,
): Promise<Changes> {
  const wanted = body.assignedToId !== undefined ? body.assignedToId : (body.agentId ?? null)
  const mayAssign = caller.may('conversations.assign')
  if (!mayAssign && (wanted !== caller.id || caller.kind !== 'user'))
    throw new ApiError(403, 'FORBIDDEN', 'You may only take an unassigned conversation for yourself')
  if (wanted === null) return { set: { assignedTo: null } }
  const userId = wanted === 'auto' ? await leastBusy(store, caller.tenantId) : wanted
  const user = await findUser(store, caller.tenantId, userId)
  if (user === null || user.status !== 'active')
    throw new ApiError(422, 'ASSIGNEE_UNKNOWN', 'There is no such active user in this account')
  const assignedTo = { id: user._id, name: user.name }
  const isOwn = row.assignedTo?.id.equals(user._id) === true
  return mayAssign || isOwn ? { set: { assignedTo } } : { set: { assignedTo }, provided: { 'assignedTo.id': null } }
}

/** Among the agents of the tenant who are available, the one with the fewest open conversations. */
async function leastBusy(store: GatewayDeps['store'], tenantId: string): Promise<string> {
  const availability = trusted({ $nin: ['busy', 'offline'] as const })
  const filter = { tenantId, role: 'agent' as const, status: 'active' as const, deletedAt: null, availability }
  const agents = await store.models.users.find(filter, { _id: 1 }).lean()
  const loads = await Promise.all(agents.map(agent => countOpenConversations(store, tenantId, agent._id)))
  const best = agents[loads.indexOf(Math.min(...loads))]
  if (best === undefined) throw new ApiError(422, 'NO_AGENT', 'No agent is available')
  return String(best._id)
}

/** The change and its events in one transaction. */
async function applyChange(
  deps: GatewayDeps,
  before: ConversationDoc,
  { set, provided, read }: Changes,
  cause: string,
  traceparent: string,
): Promise<ConversationDoc> {
  const { store } = deps
  const now = deps.now()
  const { changed, events, lastRead } = await store.transaction(async session => {
    const seen = read ? await readMessages(store, before, read.upTo, now, session) : null
    const own = seen ? { unreadCount: seen.unreadCount } : set
    const row = await changeConversation(store, before, own, provided ?? {}, session)
    if (row === null) throw new ApiError(409, 'ALREADY_ASSIGNED', 'Somebody else has taken this conversation')
    const assigned = row.assignedTo ? { id: String(row.assignedTo.id), name: row.assignedTo.name } : null
    const told: EventDoc[] = [conversationUpdated(row, cause, now, { status: row.status, assignedTo: assigned })]
    if ('assignedTo' in set)
      told.push(eventOf(row, 'conversation:assigned', cause, now, { conversationId: String(row._id), assignedTo: assigned }))
    await store.models.events.insertMany(told, { session })
    return { changed: row, events: told, lastRead: seen?.lastRead ?? null }
  })
  void publishEvents(deps, events, traceparent)
  // Its customer hears of what was seen, not of what came after.
  if (lastRead !== null)
    tellRead(deps, { ...changed, lastInboundWamid: lastRead }, traceparent).catch(error =>
      deps.log.info({ err: error }, 'receipt not told'),
    )
  return changed
}

import { Types } from 'mongoose'
import { z } from 'zod'
import { conversationView } from '#shared/contracts/to-views.ts'
import { ConversationView, MessageView } from '#shared/contracts/views.ts'
import { ApiError, notFound } from '#shared/domain/errors.ts'
import { windowIsOpen } from '#shared/domain/service-window.ts'
import { type Caller, callerOf, route } from '#shared/http/route.ts'
import { trusted } from '#shared/store/connect.ts'
import type { ConversationDoc, EventDoc, Id } from '#shared/store/documents.ts'
import { findPage, pageView } from '#shared/store/pages.ts'
import { getTenant } from '#shared/store/tenants.ts'
import { findUser } from '#shared/store/users.ts'
import type { GatewayDeps } from '../deps.ts'
import { conversationUpdated, eventOf, publishEvents } from '../events.ts'
import { suggestTemplate } from '../window.ts'
import { listMessages } from './messages.ts'
import { flagText, IdParams, listOf, ObjectIdText, Paging } from './schemas.ts'

const tag = 'conversations'
const MAX_READ_AT_ONCE = 1000

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
    const filter = filterOf(callerOf(request), request.query)
    const page = await findPage<ConversationDoc>(store.models.conversations, filter, 'lastActivityAt', request.query)
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
    return { body: conversationView(await getConversation(deps, callerOf(request).tenantId, request.params.id), deps.now()) }
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
  handle: listMessages,
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
    const { windowExpiresAt } = await getConversation(deps, tenantId, request.params.id)
    const now = deps.now()
    const inWindow = windowIsOpen(windowExpiresAt, now)
    const secondsLeft = inWindow && windowExpiresAt ? Math.floor((windowExpiresAt.getTime() - now.getTime()) / 1000) : 0
    const suggestedTemplate = inWindow ? null : suggestTemplate(await getTenant(deps.store, tenantId), windowExpiresAt)
    return { body: { inWindow, windowExpiresAt: windowExpiresAt?.toISOString() ?? null, secondsLeft, suggestedTemplate } }
  },
})

type Change = (conversation: ConversationDoc, caller: Caller, body: never, deps: GatewayDeps) => Promise<Changes>

interface Changes {
  set: Partial<ConversationDoc>
  /** What must still hold when it is written; else 409. */
  provided?: { 'assignedTo.id': null }
  /** Inbound messages that are read by this. */
  readMessages?: Id[]
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
        const conversation = await getConversation(deps, caller.tenantId, request.params.id)
        const changes = await change(conversation, caller, request.body as never, deps)
        // Of our own making: a request id is the caller's word and may come twice, from two tenants even.
        const changed = await applyChange(deps, conversation, changes, `g:${new Types.ObjectId()}`, request.traceparent)
        return { body: conversationView(changed, deps.now()) }
      },
    }),
  )
}

const read = changeRoutes('read', 'conversations.markRead', 'Mark a conversation as read', undefined, markRead)

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

export const conversationRoutes = [list, one, messages, window, ...read, ...assign, ...status]

/** The newest unread ones: as many as are counted, so that a long thread is not searched to its beginning. */
async function markRead(row: ConversationDoc, _caller: Caller, _body: never, { store }: GatewayDeps): Promise<Changes> {
  const { tenantId, _id: conversationId, unreadCount } = row
  if (unreadCount === 0) return { set: { unreadCount: 0 } }
  const unread = await store.models.messages
    .find({ tenantId, conversationId, direction: 'INBOUND', status: 'RECEIVED' }, { _id: 1 })
    .sort({ at: -1, _id: -1 })
    .limit(Math.min(unreadCount, MAX_READ_AT_ONCE))
    .lean()
  return { set: { unreadCount: 0 }, readMessages: unread.map(({ _id }) => _id) }
}

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

/** Among the agents of the tenant, the one with the fewest open conversations. */
async function leastBusy(store: GatewayDeps['store'], tenantId: string): Promise<string> {
  const agents = await store.models.users.find({ tenantId, role: 'agent', status: 'active', deletedAt: null }, { _id: 1 }).lean()
  const loads = await Promise.all(
    agents.map(agent => store.models.conversations.countDocuments({ tenantId, 'assignedTo.id': agent._id, status: 'open' })),
  )
  const best = agents[loads.indexOf(Math.min(...loads))]
  if (best === undefined) throw new ApiError(422, 'NO_AGENT', 'There is no agent to assign to')
  return String(best._id)
}

async function getConversation({ store }: GatewayDeps, tenantId: string, id: string): Promise<ConversationDoc> {
  const conversation = await store.models.conversations.findOne({ tenantId, _id: id, deletedAt: null }).lean()
  if (conversation === null) throw notFound('Conversation')
  return conversation
}

/** The change and its events in one transaction. */
async function applyChange(
  deps: GatewayDeps,
  before: ConversationDoc,
  { set, provided, readMessages = [] }: Changes,
  cause: string,
  traceparent: string,
): Promise<ConversationDoc> {
  const { store } = deps
  const now = deps.now()
  const { changed, events } = await store.transaction(async session => {
    const { tenantId, _id } = before
    const row = await store.models.conversations
      .findOneAndUpdate({ tenantId, _id, ...provided }, { $set: set }, { session, returnDocument: 'after' })
      .lean()
    if (row === null) throw new ApiError(409, 'ALREADY_ASSIGNED', 'Somebody else has taken this conversation')
    if (readMessages.length > 0) {
      const these = { tenantId, _id: trusted({ $in: readMessages }), status: 'RECEIVED' as const }
      await store.models.messages.updateMany(these, { $set: { status: 'READ', statusUpdatedAt: now } }, { session })
    }
    const assigned = row.assignedTo ? { id: String(row.assignedTo.id), name: row.assignedTo.name } : null
    const told: EventDoc[] = [conversationUpdated(row, cause, now, { status: row.status, assignedTo: assigned })]
    if ('assignedTo' in set)
      told.push(eventOf(row, 'conversation:assigned', cause, now, { conversationId: String(row._id), assignedTo: assigned }))
    await store.models.events.insertMany(told, { session })
    return { changed: row, events: told }
  })
  void publishEvents(deps, events, traceparent)
  return changed
}

function filterOf(caller: Caller, query: z.infer<typeof ListQuery>) {
  const { unread, mine, unassigned, status: state, label, clientId, number, candidateId, applicationId, q } = query
  return {
    tenantId: caller.tenantId,
    deletedAt: null,
    ...(unread && { unreadCount: trusted({ $gt: 0 }) }),
    ...(mine && { 'assignedTo.id': new Types.ObjectId(caller.id) }),
    ...(unassigned && { 'assignedTo.id': null }),
    ...(state && { status: state }),
    ...(label && { labels: label }),
    ...(clientId && { clientId: new Types.ObjectId(clientId) }),
    ...(number && { phoneNumberId: number }),
    ...(candidateId && { candidateId }),
    ...(applicationId && { applicationId }),
    ...(q && { $and: [trusted({ $or: searched(q) })] }),
  }
}

/** By name, number or username; the text itself, no pattern. */
function searched(q: string) {
  const escaped = q.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
  // As it is dialled at home or abroad: stored numbers begin with the country code.
  const digits = q.replace(/\D/g, '').replace(/^0+/, '')
  const ways = [
    { 'contact.name': trusted({ $regex: escaped, $options: 'i' }) },
    { 'contact.username': trusted({ $regex: `^${escaped.replace(/^@/, '')}`, $options: 'i' }) },
    { candidateName: trusted({ $regex: escaped, $options: 'i' }) },
  ]
  return digits.length >= 3 ? [...ways, { 'contact.phone': trusted({ $regex: digits }) }] : ways
}

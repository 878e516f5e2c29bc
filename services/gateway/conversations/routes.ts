import { z } from 'zod'
import { ConversationView, MessageView } from '#shared/contracts/views.ts'
import { type Caller, callerOf, route } from '#shared/http/route.ts'
import { getTenant } from '#shared/store/accounts/tenants.ts'
import {
  type ConversationFilters,
  countConversations,
  countUnattended,
  getConversation,
  listConversations,
} from '#shared/store/inbox/conversations.ts'
import { pageView } from '#shared/store/pages.ts'
import { conversationView } from '#shared/views/views.ts'
import type { GatewayDeps } from '../deps.ts'
import { sendTyping } from '../messages/receipts.ts'
import { answerConversation } from '../messages/routes.ts'
import { WindowView, windowView } from '../messages/window.ts'
import { flagText, IdParams, listOf, ObjectIdText, Paging, PEOPLE_FOUND } from '../schemas.ts'

const tag = 'conversations'

/** Query of the list of conversations. */
export const ConversationQuery = z.strictObject({
  ...Paging,
  unread: flagText.optional(),
  mine: flagText.optional(),
  unassigned: flagText.optional(),
  assigneeId: ObjectIdText.optional().describe('Only conversations of this user'),
  status: z.enum(['open', 'closed', 'snoozed']).optional().describe('`open`: open and not snoozed'),
  waiting: flagText.optional().describe('Only those whose customer waits for an answer'),
  unattended: flagText.optional().describe('Only those whose customer waits for a first answer'),
  window: z.enum(['open', 'closed']).optional().describe('State of the customer service window'),
  sort: z
    .enum(['activity', 'waiting'])
    .default('activity')
    .describe('`waiting`: those whose customer waits for an answer, who waits longest first'),
  label: z.string().min(1).max(64).optional(),
  clientId: ObjectIdText.optional(),
  number: z.string().max(32).optional(),
  candidateId: z.string().max(128).optional(),
  applicationId: z.string().max(128).optional(),
  adId: z.string().min(1).max(128).optional().describe("Meta's id of the ad or post from which the customer came last"),
  closesWithin: z.coerce
    .number()
    .int()
    .min(1)
    .max(1440)
    .optional()
    .describe('Minutes within which the window closes, for conversations whose last message is from the customer'),
  q: z.string().min(1).max(100).optional().describe(PEOPLE_FOUND),
})

const list = route({
  method: 'get',
  path: '/api/v1/conversations',
  action: 'conversations.read',
  tag,
  summary: 'Conversations, newest activity first, or the longest wait first',
  query: ConversationQuery,
  returns: listOf(ConversationView).extend({
    unattended: z.number().int().optional().describe('With `sort=waiting`: customers who wait for a first answer, at most 1000'),
  }),
  async handle(request, { store, now }: GatewayDeps) {
    const { tenantId } = callerOf(request)
    const { page: number, limit, cursor, sort } = request.query
    const filters = filtersOf(request.query, callerOf(request), now())
    const byWait = sort === 'waiting'
    const [page, unattended] = await Promise.all([
      listConversations(store, tenantId, filters, { page: number, limit, cursor }, byWait),
      byWait ? countUnattended(store, tenantId, filters, MOST_COUNTED) : undefined,
    ])
    return { body: { ...pageView(page, row => conversationView(row, now())), ...(byWait && { unattended }) } }
  },
})

/** Filters of the list as the store takes them. */
function filtersOf(query: z.infer<typeof ConversationQuery>, { id }: Caller, now: Date): ConversationFilters {
  const { mine, closesWithin, number: phoneNumberId, waiting, unattended, window: is, assigneeId, ...filters } = query
  const closing = closesWithin ? { from: now, to: new Date(now.getTime() + closesWithin * 60_000) } : undefined
  return {
    ...filters,
    phoneNumberId,
    closing,
    window: is && { is, at: now },
    waiting: unattended ? 'first' : waiting ? 'any' : undefined,
    assigneeId: mine ? id : assigneeId,
  }
}

/** Counts stop here: a badge needs no more. */
const MOST_COUNTED = 1000

const count = z.number().int()
const counts = route({
  method: 'get',
  path: '/api/v1/conversations/counts',
  action: 'conversations.read',
  tag,
  summary: 'Number of open conversations by tab, each at most 1000',
  query: z.strictObject({ clientId: ObjectIdText.optional(), label: z.string().min(1).max(64).optional() }),
  returns: z.object({
    open: count,
    mine: count,
    unassigned: count,
    unread: count,
    waiting: count.describe('Customers who wait for an answer'),
    unattended: count.describe('Customers who wait for a first answer'),
    snoozed: count,
    closed: count,
  }),
  async handle(request, { store }: GatewayDeps) {
    const { tenantId, id } = callerOf(request)
    const open = { ...request.query, status: 'open' as const }
    const tabs: Record<string, ConversationFilters> = {
      open,
      mine: { ...open, assigneeId: id },
      unassigned: { ...open, unassigned: true },
      unread: { ...open, unread: true },
      waiting: { ...request.query, waiting: 'any' },
      unattended: { ...request.query, waiting: 'first' },
      snoozed: { ...request.query, status: 'snoozed' },
      closed: { ...request.query, status: 'closed' },
    }
    const counted = Object.entries(tabs).map(
      async ([tab, filters]) => [tab, await countConversations(store, tenantId, filters, MOST_COUNTED)] as const,
    )
    return { body: Object.fromEntries(await Promise.all(counted)) }
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

export const conversationRoutes = [list, counts, one, messages, window, typing]

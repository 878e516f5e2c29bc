import { z } from 'zod'
import { ConversationView } from '#shared/contracts/views.ts'
import { ApiError } from '#shared/domain/errors.ts'
import { afterClosing } from '#shared/domain/inbox/waiting.ts'
import { type Caller, callerOf, route } from '#shared/http/route.ts'
import type { ConversationDoc } from '#shared/model/documents.ts'
import { getConversation } from '#shared/store/inbox/conversations.ts'
import { requireLabels } from '#shared/store/inbox/labels.ts'
import { conversationView } from '#shared/views/views.ts'
import type { GatewayDeps } from '../deps.ts'
import { IdParams, ObjectIdText } from '../schemas.ts'
import { applyChange, assignTo, type Changes } from './change.ts'

const tag = 'conversations'

type Change = (conversation: ConversationDoc, caller: Caller, body: never, deps: GatewayDeps) => Promise<Changes> | Changes

type ChangingAction = `conversations.${'markRead' | 'take' | 'status' | 'labels' | 'snooze'}`

/** Routes of one change of a conversation, under PUT and PATCH: the systems that Linko replaces differ in the verb. */
function changeRoutes<Body extends z.ZodType>(
  name: string,
  action: ChangingAction,
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
        const changed = await applyChange(deps, conversation, changes, { caller, traceparent: request.traceparent })
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
  async (_row, _caller, { status }: { status: 'open' | 'closed' }, { now }: GatewayDeps) => ({
    set: status === 'open' ? { status } : closed(now()),
  }),
)

/** Closing ends the wait of the customer: the next message begins another. */
const closed = (now: Date): Changes['set'] => ({
  status: 'closed',
  snoozedUntil: null,
  ...afterClosing(now),
})

const LabelName = z.string().min(1).max(64)
const LabelsBody = z
  .strictObject({
    labels: z.array(LabelName).max(20).optional().describe('All labels that it has from now on'),
    add: z.array(LabelName).max(20).optional(),
    remove: z.array(LabelName).max(20).optional(),
  })
  .refine(({ labels, add, remove }) => (labels === undefined) !== (add === undefined && remove === undefined), {
    error: 'Give either `labels`, or `add` and `remove`',
    path: ['labels'],
  })

const label = changeRoutes(
  'labels',
  'conversations.labels',
  'Set the labels of a conversation, or add and remove some',
  LabelsBody,
  async (row, _caller, { labels, add = [], remove = [] }: z.infer<typeof LabelsBody>, { store }: GatewayDeps) => {
    await requireLabels(store, row.tenantId, labels ?? add)
    return labels ? { set: { labels: [...new Set(labels)] } } : { set: {}, labels: { add, remove } }
  },
)

const MOST_SNOOZE_MS = 366 * 24 * 3_600_000
const SnoozeBody = z.strictObject({
  until: z.iso.datetime({ offset: true }).nullable().describe('At most a year ahead; null wakes the conversation now'),
})

const snooze = changeRoutes(
  'snooze',
  'conversations.snooze',
  'Take a conversation out of the open ones until a time, or until the customer writes',
  SnoozeBody,
  async (row, _caller, { until }: z.infer<typeof SnoozeBody>, { now }: GatewayDeps) => {
    if (until === null) return { set: { snoozedUntil: null } }
    const aheadMs = Date.parse(until) - now().getTime()
    if (aheadMs <= 0 || aheadMs > MOST_SNOOZE_MS)
      throw new ApiError(422, 'SNOOZE_TIME_INVALID', '`until` must be in the future, at most a year ahead.', {
        errors: [{ path: 'until', message: 'This time has passed or is too far ahead.' }],
      })
    if (row.status === 'closed') throw new ApiError(409, 'CONVERSATION_CLOSED', 'Open the conversation before you snooze it.')
    return { set: { snoozedUntil: new Date(until) } }
  },
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
  "Assign to a user, the available agent whose turn it is ('auto') or nobody (null); agents may only assign an unassigned one to themselves",
  AssignBody,
  (row, caller, { assignedToId, agentId }: z.infer<typeof AssignBody>, deps) =>
    assignTo(row, caller, assignedToId !== undefined ? assignedToId : (agentId ?? null), deps),
)

export const changeConversationRoutes = [...read, ...assign, ...status, ...label, ...snooze]

import { z } from 'zod'
import { notFound } from '#shared/domain/errors.ts'
import { callerOf, route } from '#shared/http/route.ts'
import { trusted } from '#shared/store/connect.ts'
import type { MessageDoc, WebhookEventDoc } from '#shared/store/documents.ts'
import type { GatewayDeps } from '../deps.ts'

const tag = 'operations'
const TYPES = ['PROCESS_WEBHOOK', 'SEND_MESSAGE', 'SEND_MESSAGE_TEMPLATE'] as const

/** Seed 003's integration jobs: another view of messages and webhook events, so that nothing is written twice. */
const JobView = z.object({
  id: z.string(),
  type: z.enum(TYPES),
  status: z.enum(['PENDING', 'RUNNING', 'DONE', 'FAILED']),
  attempts: z.number().int(),
  error: z.string().nullable(),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
})
type JobView = z.infer<typeof JobView>

const list = route({
  method: 'get',
  path: '/api/v1/jobs',
  action: 'jobs.read',
  tag,
  summary: 'Sends and webhook reports as jobs, newest first',
  query: z.strictObject({
    type: z.enum(TYPES).optional(),
    limit: z.coerce.number().int().min(1).max(100).default(25),
    before: z.iso.datetime().optional().describe('Only older ones: the createdAt of the last job seen'),
  }),
  returns: z.object({ data: z.array(JobView), hasMore: z.boolean(), nextBefore: z.string().nullable() }),
  async handle(request, { store }: GatewayDeps) {
    const { tenantId } = callerOf(request)
    const { type, limit, before } = request.query
    const older = before && trusted({ $lt: new Date(before) })
    const kind = type === 'SEND_MESSAGE' ? trusted({ $ne: 'template' }) : type && 'template'
    const sends = store.models.messages
      .find(
        { tenantId, direction: 'OUTBOUND', ...(kind && { type: kind }), ...(older && { at: older }) },
        { content: 0, payload: 0 },
      )
      .sort({ at: -1, _id: -1 })
      .limit(limit + 1)
    const reports = store.models.webhookEvents
      .find({ tenantId, ...(older && { receivedAt: older }) }, { payload: 0 })
      .sort({ receivedAt: -1, _id: -1 })
      .limit(limit + 1)
    const [messages, events] = await Promise.all([
      type === 'PROCESS_WEBHOOK' ? [] : sends.lean<MessageDoc[]>(),
      type === undefined || type === 'PROCESS_WEBHOOK' ? reports.lean<WebhookEventDoc[]>() : [],
    ])
    const jobs = [...messages.map(sendJob), ...events.map(webhookJob)].toSorted((a, b) => (a.createdAt < b.createdAt ? 1 : -1))
    const data = jobs.slice(0, limit)
    const hasMore = jobs.length > limit
    return { body: { data, hasMore, nextBefore: hasMore ? (data.at(-1)?.createdAt ?? null) : null } }
  },
})

const one = route({
  method: 'get',
  path: '/api/v1/jobs/{id}',
  action: 'jobs.read',
  tag,
  summary: 'One job: the id is that of its message or webhook event',
  params: z.strictObject({ id: z.string().min(1).max(1024) }),
  returns: JobView,
  async handle(request, { store }: GatewayDeps) {
    const { tenantId } = callerOf(request)
    const { id: _id } = request.params
    if (/^[0-9a-f]{24}$/.test(_id)) {
      const message = await store.models.messages.findOne({ tenantId, _id, direction: 'OUTBOUND' }).lean()
      if (message === null) throw notFound('Job')
      return { body: sendJob(message) }
    }
    const event = await store.models.webhookEvents.findOne({ tenantId, _id }, { payload: 0 }).lean<WebhookEventDoc>()
    if (event === null) throw notFound('Job')
    return { body: webhookJob(event) }
  },
})

export const jobRoutes = [list, one]

function sendJob({ _id, type, status, dispatch, timeline, error, at, updatedAt }: MessageDoc): JobView {
  const isInHand = dispatch?.state === 'TAKEN' || dispatch?.state === 'UNKNOWN'
  const unfinished = isInHand ? 'RUNNING' : 'PENDING'
  return {
    id: String(_id),
    type: type === 'template' ? 'SEND_MESSAGE_TEMPLATE' : 'SEND_MESSAGE',
    status: status === 'FAILED' ? 'FAILED' : status === 'QUEUED' ? unfinished : 'DONE',
    attempts: timeline.filter(({ kind }) => kind === 'attempt').length,
    error: error?.sentence ?? null,
    createdAt: at.toISOString(),
    updatedAt: updatedAt.toISOString(),
  }
}

function webhookJob({ _id, status, attempts, reason, receivedAt, processedAt }: WebhookEventDoc): JobView {
  const isOpen = status === 'PENDING' || status === 'FAILED'
  return {
    id: _id,
    type: 'PROCESS_WEBHOOK',
    status: isOpen ? status : 'DONE',
    attempts,
    error: reason,
    createdAt: receivedAt.toISOString(),
    updatedAt: (processedAt ?? receivedAt).toISOString(),
  }
}

import { z } from 'zod'
import { notFound } from '#shared/domain/errors.ts'
import { callerOf, route } from '#shared/http/route.ts'
import type { MessageDoc, WebhookEventDoc } from '#shared/store/documents.ts'
import { JOB_STATUSES, JOB_TYPES, listJobs } from '#shared/store/jobs.ts'
import type { GatewayDeps } from '../deps.ts'
import { timesOf } from './webhook-events.ts'

const tag = 'operations'

/** Seed 003's integration jobs: another view of messages and webhook events, so that nothing is written twice. */
const JobView = z.object({
  id: z.string(),
  type: z.enum(JOB_TYPES),
  status: z.enum(JOB_STATUSES),
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
  summary: 'Sends and webhook reports as jobs, newest first: go on with nextCursor while hasMore',
  query: z.strictObject({
    type: z.enum(JOB_TYPES).optional(),
    status: z.enum(JOB_STATUSES).optional(),
    from: z.iso.datetime().optional().describe('Created at this moment or later'),
    to: z.iso.datetime().optional().describe('Created before this moment'),
    limit: z.coerce.number().int().min(1).max(100).default(25),
    cursor: z.string().max(1600).optional(),
  }),
  returns: z.object({
    data: z.array(JobView),
    total: z.number().int(),
    totalIsExact: z.boolean(),
    limit: z.number().int(),
    hasMore: z.boolean(),
    nextCursor: z.string().nullable(),
  }),
  async handle(request, { store }: GatewayDeps) {
    const { type, status, from, to, limit, cursor } = request.query
    const filters = { type, status, ...timesOf({ from, to }) }
    const { jobs, ...page } = await listJobs(store, callerOf(request).tenantId, filters, { limit, cursor })
    const data = jobs.map(job => (job.kind === 'send' ? sendJob(job.row) : webhookJob(job.row)))
    return { body: { data, limit, ...page } }
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

import { z } from 'zod'
import { notFound } from '#shared/domain/errors.ts'
import { callerOf, route } from '#shared/http/route.ts'
import type { MessageDoc, TemplateSyncDoc, WebhookEventDoc } from '#shared/model/documents.ts'
import { findJob, isParked, JOB_STATUSES, JOB_TYPES, type Job, listJobs } from '#shared/store/jobs.ts'
import type { GatewayDeps } from '../deps.ts'
import { timesOf } from './event-routes.ts'

const tag = 'jobs'

/** Integration job of the CRM module: a view of messages, webhook events and template syncs, not a collection of its own. */
export const JobView = z.object({
  id: z.string(),
  type: z.enum(JOB_TYPES),
  status: z.enum(JOB_STATUSES),
  attempts: z.number().int(),
  error: z.string().nullable(),
  /** Template syncs only: number of templates that WhatsApp listed, and of those added, changed and gone here. */
  result: z
    .object({ read: z.number().int(), added: z.number().int(), changed: z.number().int(), gone: z.number().int() })
    .nullable(),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
})
type JobView = z.infer<typeof JobView>

const list = route({
  method: 'get',
  path: '/api/v1/jobs',
  action: 'jobs.read',
  tag,
  summary: 'List sends, webhook events and template syncs as jobs, newest first; continue with nextCursor while hasMore',
  query: z.strictObject({
    type: z.enum(JOB_TYPES).optional(),
    status: z.enum(JOB_STATUSES).optional(),
    from: z.iso.datetime().optional().describe('Created at this time or later'),
    to: z.iso.datetime().optional().describe('Created before this time'),
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
    const data = jobs.map(jobView)
    return { body: { data, limit, ...page } }
  },
})

const one = route({
  method: 'get',
  path: '/api/v1/jobs/{id}',
  action: 'jobs.read',
  tag,
  summary: 'Get a job by the id of its message, webhook event or template sync',
  params: z.strictObject({ id: z.string().min(1).max(1024) }),
  returns: JobView,
  async handle(request, { store }: GatewayDeps) {
    const job = await findJob(store, callerOf(request).tenantId, request.params.id)
    if (job === null) throw notFound('Job')
    return { body: jobView(job) }
  },
})

export const jobRoutes = [list, one]

const jobView = (job: Job): JobView =>
  job.kind === 'send' ? sendJob(job.row) : job.kind === 'report' ? webhookJob(job.row) : syncJob(job.row)

/** Job view of a template sync. */
export function syncJob({ _id, status, attempts, error, counts, createdAt, updatedAt }: TemplateSyncDoc): JobView {
  const { read, added, changed, gone } = counts
  return {
    id: _id,
    type: 'SYNC_TEMPLATES',
    status,
    attempts,
    error,
    result: { read, added, changed, gone },
    createdAt: createdAt.toISOString(),
    updatedAt: updatedAt.toISOString(),
  }
}

function sendJob({ _id, type, status, dispatch, timeline, error, at, updatedAt }: MessageDoc): JobView {
  const isRunning = dispatch?.state === 'TAKEN' || dispatch?.state === 'UNKNOWN'
  const unfinished = isRunning ? 'RUNNING' : 'PENDING'
  return {
    id: String(_id),
    type: type === 'template' ? 'SEND_MESSAGE_TEMPLATE' : 'SEND_MESSAGE',
    status: status === 'FAILED' ? 'FAILED' : status === 'QUEUED' ? unfinished : 'DONE',
    attempts: timeline.filter(({ kind }) => kind === 'attempt').length,
    error: error?.sentence ?? null,
    result: null,
    createdAt: at.toISOString(),
    updatedAt: updatedAt.toISOString(),
  }
}

function webhookJob(event: WebhookEventDoc): JobView {
  const { _id, attempts, reason, receivedAt, processedAt } = event
  const isWaiting = isParked(event)
  const status = isWaiting ? 'PENDING' : event.status
  const isOpen = status === 'PENDING' || status === 'FAILED'
  return {
    id: _id,
    type: 'PROCESS_WEBHOOK',
    status: isOpen ? status : 'DONE',
    attempts,
    error: isWaiting ? null : reason,
    result: null,
    createdAt: receivedAt.toISOString(),
    updatedAt: (processedAt ?? receivedAt).toISOString(),
  }
}

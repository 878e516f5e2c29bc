import type { QueryFilter } from 'mongoose'
import { type Store, trusted } from './connect.ts'
import type { Id, MessageDoc, WebhookEventDoc } from './documents.ts'
import { COUNT_LIMIT, readCursor, writeCursor } from './pages.ts'

/** Jobs are a view over outbound messages and webhook events: nothing is written twice. */
export const JOB_TYPES = ['PROCESS_WEBHOOK', 'SEND_MESSAGE', 'SEND_MESSAGE_TEMPLATE'] as const
export const JOB_STATUSES = ['PENDING', 'RUNNING', 'DONE', 'FAILED'] as const
export type JobType = (typeof JOB_TYPES)[number]
export type JobStatus = (typeof JOB_STATUSES)[number]

export interface JobFilters {
  type?: JobType | undefined
  status?: JobStatus | undefined
  /** By the time of creation: from the first moment on, before the second. */
  from?: Date | undefined
  to?: Date | undefined
}

export type Job = { kind: 'send'; at: Date; row: MessageDoc } | { kind: 'report'; at: Date; row: WebhookEventDoc }

export interface JobPage {
  jobs: Job[]
  total: number
  totalIsExact: boolean
  hasMore: boolean
  nextCursor: string | null
}

/** Where a page goes on: newest first, of one moment the sends before the reports, then by id downwards. */
type After = { at: Date; id: string; kind: Job['kind'] } | null

/** One list out of two collections, each row once however many share a moment. @throws ApiError 400 for a wrong cursor */
export async function listJobs(
  store: Store,
  tenantId: Id | string,
  filters: JobFilters,
  { limit, cursor }: { limit: number; cursor: string | undefined },
): Promise<JobPage> {
  const after = cursor === undefined ? null : placeOf(cursor)
  const [sends, reports, counted] = await Promise.all([
    findSends(store, tenantId, filters, after, limit + 1),
    findReports(store, tenantId, filters, after, limit + 1),
    countJobs(store, tenantId, filters),
  ])
  const merged = [
    ...sends.map(row => ({ kind: 'send' as const, at: row.at, row })),
    ...reports.map(row => ({ kind: 'report' as const, at: row.receivedAt, row })),
  ].toSorted((a, b) => b.at.getTime() - a.at.getTime())
  const jobs = merged.slice(0, limit)
  const last = jobs.at(-1)
  const hasMore = merged.length > limit
  return { jobs, ...counted, hasMore, nextCursor: hasMore && last ? writeCursor(last.at, last.row._id) : null }
}

function placeOf(cursor: string): After {
  const { at, id } = readCursor(cursor, false)
  return { at, id, kind: /^[0-9a-f]{24}$/.test(id) ? 'send' : 'report' }
}

async function findSends(store: Store, tenantId: Id | string, filters: JobFilters, after: After, limit: number) {
  const filter = sendFilter(tenantId, filters)
  if (filter === null) return []
  // What came before a report of the same moment has been shown.
  const behind = after && {
    $and: [
      { at: trusted(after.kind === 'send' ? { $lte: after.at } : { $lt: after.at }) },
      ...(after.kind === 'send'
        ? [trusted({ $or: [{ at: trusted({ $lt: after.at }) }, { _id: trusted({ $lt: after.id }) }] })]
        : []),
    ],
  }
  const scope = { ...filter, ...behind } as QueryFilter<MessageDoc>
  const query = store.models.messages.find(scope, { content: 0, payload: 0 }).sort({ at: -1, _id: -1 }).limit(limit)
  const isOpen = filters.status === 'PENDING' || filters.status === 'RUNNING'
  if (isOpen) query.hint(await hintFor(store, tenantId, filter))
  return await query.lean<MessageDoc[]>()
}

async function findReports(store: Store, tenantId: Id | string, filters: JobFilters, after: After, limit: number) {
  const filter = reportFilter(tenantId, filters)
  if (filter === null) return []
  const behind = after && {
    $and: [
      { receivedAt: trusted({ $lte: after.at }) },
      ...(after.kind === 'report'
        ? [trusted({ $or: [{ receivedAt: trusted({ $lt: after.at }) }, { _id: trusted({ $lt: after.id }) }] })]
        : []),
    ],
  }
  const scope = { ...filter, ...behind } as QueryFilter<WebhookEventDoc>
  const query = store.models.webhookEvents.find(scope, { payload: 0 }).sort({ receivedAt: -1, _id: -1 }).limit(limit)
  return await query.lean<WebhookEventDoc[]>()
}

const DONE_SENDS: MessageDoc['status'][] = ['SENT', 'DELIVERED', 'READ']
const SEND_STATUS = {
  PENDING: { 'dispatch.state': { $in: ['READY', 'WAITING'] } },
  RUNNING: { 'dispatch.state': { $in: ['TAKEN', 'UNKNOWN'] } },
  DONE: { status: { $in: DONE_SENDS } },
  FAILED: { status: 'FAILED' },
} as const

/** Null for filters that no send meets. */
function sendFilter(tenantId: Id | string, { type, status, from, to }: JobFilters): QueryFilter<MessageDoc> | null {
  if (type === 'PROCESS_WEBHOOK') return null
  const kind = type === 'SEND_MESSAGE' ? trusted({ $ne: 'template' }) : type && 'template'
  return {
    tenantId,
    direction: 'OUTBOUND',
    ...(kind && { type: kind }),
    ...guarded(status === undefined ? {} : SEND_STATUS[status]),
    ...timeOf('at', from, to),
  } as QueryFilter<MessageDoc>
}

const REPORT_STATUS = { PENDING: 'PENDING', RUNNING: null, DONE: { $in: ['PROCESSED', 'IGNORED'] }, FAILED: 'FAILED' } as const

function reportFilter(tenantId: Id | string, { type, status, from, to }: JobFilters): QueryFilter<WebhookEventDoc> | null {
  const wanted = status && REPORT_STATUS[status]
  if ((type !== undefined && type !== 'PROCESS_WEBHOOK') || wanted === null) return null
  return {
    tenantId,
    ...(wanted && guarded({ status: wanted })),
    ...timeOf('receivedAt', from, to),
  } as QueryFilter<WebhookEventDoc>
}

const guarded = (filter: object) =>
  Object.fromEntries(
    Object.entries(filter).map(([name, value]) => [name, typeof value === 'object' ? trusted({ ...value }) : value]),
  )

const timeOf = (field: string, from: Date | undefined, to: Date | undefined) =>
  from || to ? { [field]: trusted({ ...(from && { $gte: from }), ...(to && { $lt: to }) }) } : {}

/** So many are sorted by hand; of more, the newest are found soon by their time. */
const MOST_SORTED = 5000

/** Unfinished ones are few among all messages, or they are many and stand at their newest end. */
async function hintFor(store: Store, tenantId: Id | string, filter: QueryFilter<MessageDoc>): Promise<string> {
  const { 'dispatch.state': state } = filter as Record<string, object>
  const phoneNumberIds = await store.models.clients.distinct('phoneNumberId', { tenantId })
  Object.assign(filter, { phoneNumberId: trusted({ $in: phoneNumberIds }) })
  const open = { tenantId, 'dispatch.state': state, phoneNumberId: trusted({ $in: phoneNumberIds }) } as QueryFilter<MessageDoc>
  const count = await store.models.messages.countDocuments(open, { limit: MOST_SORTED + 1, hint: 'dispatch_due' })
  return count > MOST_SORTED ? 'tenant_at' : 'dispatch_due'
}

const COUNT_MS = 500
const EXPIRED = 50

/** As far as it goes within half a second. */
async function countJobs(store: Store, tenantId: Id | string, filters: JobFilters) {
  const options = { limit: COUNT_LIMIT + 1, maxTimeMS: COUNT_MS }
  const unlessLate = (error: unknown) => {
    if ((error as { code?: unknown }).code !== EXPIRED) throw error
    return COUNT_LIMIT + 1
  }
  const [sends, reports] = [sendFilter(tenantId, filters), reportFilter(tenantId, filters)]
  const counts = await Promise.all([
    sends && store.models.messages.countDocuments(sends, options).catch(unlessLate),
    reports && store.models.webhookEvents.countDocuments(reports, options).catch(unlessLate),
  ])
  const counted = counts.reduce<number>((sum, count) => sum + (count ?? 0), 0)
  return { total: Math.min(counted, COUNT_LIMIT), totalIsExact: counted <= COUNT_LIMIT }
}

import type { QueryFilter } from 'mongoose'
import { inStates } from '../domain/messages/dispatch.ts'
import { PARKED } from '../model/batch-plan.ts'
import type { Id, MessageDoc, TemplateSyncDoc, WebhookEventDoc } from '../model/documents.ts'
import { type Store, trusted } from './connect.ts'
import { allMetaIds } from './numbers/meta-ids.ts'
import { COUNT_LIMIT, inTime, LIST_MS, readCursor, writeCursor } from './pages.ts'
import { findSync } from './templates/syncs.ts'

/** Jobs are a view over outbound messages, webhook events and template syncs: they have no collection of their own. */
export const JOB_TYPES = ['PROCESS_WEBHOOK', 'SEND_MESSAGE', 'SEND_MESSAGE_TEMPLATE', 'SYNC_TEMPLATES'] as const
export const JOB_STATUSES = ['PENDING', 'RUNNING', 'DONE', 'FAILED'] as const
export type JobType = (typeof JOB_TYPES)[number]
export type JobStatus = (typeof JOB_STATUSES)[number]

export interface JobFilters {
  type?: JobType | undefined
  status?: JobStatus | undefined
  /** Time of creation, inclusive. */
  from?: Date | undefined
  /** Time of creation, exclusive. */
  to?: Date | undefined
}

export type Job =
  | { kind: 'send'; at: Date; row: MessageDoc }
  | { kind: 'report'; at: Date; row: WebhookEventDoc }
  | { kind: 'sync'; at: Date; row: TemplateSyncDoc }

export interface JobPage {
  jobs: Job[]
  total: number
  totalIsExact: boolean
  hasMore: boolean
  nextCursor: string | null
}

/**
 * The last job of the previous page. Jobs are sorted newest first; at the same time sends, then reports, then syncs; then by
 * descending id.
 */
type After = { at: Date; id: string; kind: Job['kind'] } | null
const KINDS: Job['kind'][] = ['send', 'report', 'sync']

/**
 * Jobs of three collections as one list, newest first, without repeats across pages. @throws ApiError 400 for an invalid cursor
 */
export async function listJobs(
  store: Store,
  tenantId: Id | string,
  filters: JobFilters,
  { limit, cursor }: { limit: number; cursor: string | undefined },
): Promise<JobPage> {
  const after = cursor === undefined ? null : positionOf(cursor)
  const reads = Promise.all([
    findSends(store, tenantId, filters, after, limit + 1),
    findReports(store, tenantId, filters, after, limit + 1),
    findSyncs(store, tenantId, filters, after, limit + 1),
    countJobs(store, tenantId, filters),
  ])
  const [sends, reports, syncs, counted] = await inTime(reads)
  const all = [...sends.map(sendJob), ...reports.map(reportJob), ...syncs.map(syncJob)]
  const merged = all.toSorted((a, b) => b.at.getTime() - a.at.getTime())
  const jobs = merged.slice(0, limit)
  const last = jobs.at(-1)
  const hasMore = merged.length > limit
  return { jobs, ...counted, hasMore, nextCursor: hasMore && last ? writeCursor(last.at, last.row._id) : null }
}

function positionOf(cursor: string): After {
  const { at, id } = readCursor(cursor, false)
  return { at, id, kind: kindOf(id) }
}

/** The kind of a job, which the form of its id shows. */
function kindOf(id: string): Job['kind'] {
  if (/^[0-9a-f]{24}$/.test(id)) return 'send'
  return id.startsWith('sync:') ? 'sync' : 'report'
}

/** The job with this id; null for unknown and other tenants' jobs alike. */
export async function findJob(store: Store, tenantId: Id | string, _id: string): Promise<Job | null> {
  const { messages, webhookEvents } = store.models
  switch (kindOf(_id)) {
    case 'send': {
      const message = await messages.findOne({ tenantId, _id, direction: 'OUTBOUND' }).lean()
      return message && sendJob(message)
    }
    case 'sync': {
      const sync = await findSync(store, tenantId, _id)
      return sync && syncJob(sync)
    }
    case 'report': {
      const event = await webhookEvents.findOne({ tenantId, _id }, { payload: 0 }).lean<WebhookEventDoc | null>()
      return event && reportJob(event)
    }
  }
}

const sendJob = (row: MessageDoc): Job => ({ kind: 'send', at: row.at, row })
const reportJob = (row: WebhookEventDoc): Job => ({ kind: 'report', at: row.receivedAt, row })
const syncJob = (row: TemplateSyncDoc): Job => ({ kind: 'sync', at: row.createdAt, row })

/** Conditions for rows of one kind after a position; of rows of the same time, by the order of kinds and ids. */
function behind(field: string, kind: Job['kind'], after: After) {
  if (after === null) return {}
  const order = KINDS.indexOf(kind) - KINDS.indexOf(after.kind)
  const upTo = { [field]: trusted(order < 0 ? { $lt: after.at } : { $lte: after.at }) }
  if (order !== 0) return { $and: [upTo] }
  return { $and: [upTo, trusted({ $or: [{ [field]: trusted({ $lt: after.at }) }, { _id: trusted({ $lt: after.id }) }] })] }
}

const BOUNDED = { maxTimeMS: LIST_MS }

async function findSends(store: Store, tenantId: Id | string, filters: JobFilters, after: After, limit: number) {
  const filter = sendFilter(tenantId, filters)
  if (filter === null) return []
  const scope = { ...filter, ...behind('at', 'send', after) } as QueryFilter<MessageDoc>
  const query = store.models.messages.find(scope, { content: 0, payload: 0 }, BOUNDED).sort({ at: -1, _id: -1 }).limit(limit)
  const { status } = filters
  if (status === 'PENDING' || status === 'RUNNING') query.hint(await hintFor(store, tenantId, filter, status))
  return await query.lean<MessageDoc[]>()
}

async function findReports(store: Store, tenantId: Id | string, filters: JobFilters, after: After, limit: number) {
  const filter = reportFilter(tenantId, filters)
  if (filter === null) return []
  const scope = { ...filter, ...behind('receivedAt', 'report', after) } as QueryFilter<WebhookEventDoc>
  const query = store.models.webhookEvents.find(scope, { payload: 0 }, BOUNDED).sort({ receivedAt: -1, _id: -1 }).limit(limit)
  return await query.lean<WebhookEventDoc[]>()
}

async function findSyncs(store: Store, tenantId: Id | string, filters: JobFilters, after: After, limit: number) {
  const filter = syncFilter(tenantId, filters)
  if (filter === null) return []
  const scope = { ...filter, ...behind('createdAt', 'sync', after) } as QueryFilter<TemplateSyncDoc>
  const query = store.models.templateSyncs.find(scope, {}, BOUNDED).sort({ createdAt: -1, _id: -1 }).limit(limit)
  return await query.lean<TemplateSyncDoc[]>()
}

const DONE_SENDS: MessageDoc['status'][] = ['SENT', 'DELIVERED', 'READ']
const SEND_STATUS = {
  PENDING: inStates('READY', 'WAITING'),
  RUNNING: inStates('TAKEN', 'UNKNOWN'),
  DONE: { status: { $in: DONE_SENDS } },
  FAILED: { status: 'FAILED' },
} as const

/** The filter for messages; null when no send can match. */
function sendFilter(tenantId: Id | string, { type, status, from, to }: JobFilters): QueryFilter<MessageDoc> | null {
  if (type === 'PROCESS_WEBHOOK' || type === 'SYNC_TEMPLATES') return null
  const kind = type === 'SEND_MESSAGE' ? trusted({ $ne: 'template' }) : type && 'template'
  return {
    tenantId,
    direction: 'OUTBOUND',
    ...(kind && { type: kind }),
    ...guarded(status === undefined ? {} : SEND_STATUS[status]),
    ...timeOf('at', from, to),
  } as QueryFilter<MessageDoc>
}

/** A parked event waits for its message, although it is stored as having had no effect so far. */
const PARKED_REPORT = { status: 'IGNORED', reason: PARKED }
const REPORT_STATUS = {
  PENDING: { $or: [{ status: 'PENDING' }, PARKED_REPORT] },
  RUNNING: null,
  DONE: { status: { $in: ['PROCESSED', 'IGNORED'] }, reason: { $ne: PARKED } },
  FAILED: { status: 'FAILED' },
} as const

export const isParked = ({ status, reason }: Pick<WebhookEventDoc, 'status' | 'reason'>): boolean =>
  status === PARKED_REPORT.status && reason === PARKED_REPORT.reason

function reportFilter(tenantId: Id | string, { type, status, from, to }: JobFilters): QueryFilter<WebhookEventDoc> | null {
  const wanted = status && REPORT_STATUS[status]
  if ((type !== undefined && type !== 'PROCESS_WEBHOOK') || wanted === null) return null
  return {
    tenantId,
    ...(wanted && guarded(wanted)),
    ...timeOf('receivedAt', from, to),
  } as QueryFilter<WebhookEventDoc>
}

function syncFilter(tenantId: Id | string, { type, status, from, to }: JobFilters): QueryFilter<TemplateSyncDoc> | null {
  if (type !== undefined && type !== 'SYNC_TEMPLATES') return null
  return { tenantId, ...(status && { status }), ...timeOf('createdAt', from, to) } as QueryFilter<TemplateSyncDoc>
}

const guarded = (filter: object) =>
  Object.fromEntries(Object.entries(filter).map(([name, value]) => [name, isOperators(value) ? trusted({ ...value }) : value]))

const isOperators = (value: unknown): value is object => typeof value === 'object' && value !== null && !Array.isArray(value)

const timeOf = (field: string, from: Date | undefined, to: Date | undefined) =>
  from || to ? { [field]: trusted({ ...(from && { $gte: from }), ...(to && { $lt: to }) }) } : {}

/** Rows that are sorted in memory at most; of more rows the newest are found faster by time. */
const MAX_SORTED = 5000

/** The index for unfinished messages: by state for few of them, by time for many, because they are the newest messages. */
async function hintFor(
  store: Store,
  tenantId: Id | string,
  filter: QueryFilter<MessageDoc>,
  status: 'PENDING' | 'RUNNING',
): Promise<string> {
  const phoneNumberIds = await allMetaIds(store, tenantId)
  Object.assign(filter, { phoneNumberId: trusted({ $in: phoneNumberIds }) })
  const open = {
    tenantId,
    ...guarded(SEND_STATUS[status]),
    phoneNumberId: trusted({ $in: phoneNumberIds }),
  } as QueryFilter<MessageDoc>
  const count = await store.models.messages.countDocuments(open, { limit: MAX_SORTED + 1, hint: 'dispatch_due' })
  return count > MAX_SORTED ? 'tenant_at' : 'dispatch_due'
}

const COUNT_MS = 500
const MAX_TIME_EXPIRED = 50

/** Counts jobs; a count that takes longer than 500 ms is reported as above the limit. */
async function countJobs(store: Store, tenantId: Id | string, filters: JobFilters) {
  const options = { limit: COUNT_LIMIT + 1, maxTimeMS: COUNT_MS }
  const unlessLate = (error: unknown) => {
    if ((error as { code?: unknown }).code !== MAX_TIME_EXPIRED) throw error
    return COUNT_LIMIT + 1
  }
  const [sends, reports] = [sendFilter(tenantId, filters), reportFilter(tenantId, filters)]
  const syncs = syncFilter(tenantId, filters)
  const counts = await Promise.all([
    sends && store.models.messages.countDocuments(sends, options).catch(unlessLate),
    reports && store.models.webhookEvents.countDocuments(reports, options).catch(unlessLate),
    syncs && store.models.templateSyncs.countDocuments(syncs, options).catch(unlessLate),
  ])
  const counted = counts.reduce<number>((sum, count) => sum + (count ?? 0), 0)
  return { total: Math.min(counted, COUNT_LIMIT), totalIsExact: counted <= COUNT_LIMIT }
}

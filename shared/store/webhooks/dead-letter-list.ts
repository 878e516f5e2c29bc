import type { PipelineStage } from 'mongoose'
import { type DeadLetterState, OPEN_STATES } from '../../domain/dead-letter.ts'
import { notFound } from '../../domain/errors.ts'
import type { DeadLetterDoc, Id } from '../../model/documents.ts'
import { type Store, trusted } from '../connect.ts'
import { findPage, inTime, type Page, type PageRequest, SEARCH_MS } from '../pages.ts'
import { acrossTenants } from '../tenancy/tenancy.ts'

/** Owner of dead letters: a tenant, none (null), or all tenants. The caller checks who may use the last two. */
export type DeadLetterOwner = Id | string | null | 'all'

/** Filters of a list of dead letters; one that is missing is not applied. */
export interface DeadLetterFilters {
  state?: DeadLetterState | 'OPEN' | undefined
  /** AMQP type of the message. */
  type?: string | undefined
  queue?: string | undefined
  cause?: string | undefined
  messageId?: string | undefined
  /** Time of death, inclusive. */
  from?: Date | undefined
  /** Time of death, exclusive. */
  to?: Date | undefined
}

/** Dead letters by time of death, newest first unless `ascending`. */
export async function listDeadLetters(
  store: Store,
  owner: DeadLetterOwner,
  filters: DeadLetterFilters,
  page: PageRequest,
  options: { ascending?: boolean; projection?: Record<string, 0> } = {},
): Promise<Page<DeadLetterDoc>> {
  return await within(owner, () =>
    findPage<DeadLetterDoc>(store.models.deadLetters, filterOf(owner, filters), 'createdAt', page, options),
  )
}

/** @throws ApiError 404 */
export async function getDeadLetter(store: Store, owner: DeadLetterOwner, id: string): Promise<DeadLetterDoc> {
  const deadLetter = await within(owner, () => store.models.deadLetters.findOne({ ...scopeOf(owner), _id: id }).lean())
  if (deadLetter === null) throw notFound('Dead letter')
  return deadLetter
}

const MAX_RELATED = 20

/** Other dead letters of the same message, from before or after a replay, newest first. */
export async function findRelated(store: Store, owner: DeadLetterOwner, deadLetter: DeadLetterDoc): Promise<DeadLetterDoc[]> {
  if (!deadLetter.messageId) return []
  const filter = {
    ...scopeOf(owner),
    messageId: deadLetter.messageId,
    type: deadLetter.type,
    _id: trusted({ $ne: deadLetter._id }),
  }
  const rows = () => store.models.deadLetters.find(filter, { payload: 0, original: 0 }).sort({ createdAt: -1 }).limit(MAX_RELATED)
  return await within(owner, () => rows().lean<DeadLetterDoc[]>())
}

export interface DeadLetterGroup {
  type: string
  cause: string
  count: number
  firstAt: Date
  lastAt: Date
  /** Id of the newest dead letter of the group. */
  exampleId: Id
  queues: string[]
}

/** Number of dead letters that are grouped, the newest ones. */
export const MAX_GROUPED = 10_000
const MAX_GROUPS = 200

/** Dead letters grouped by type and cause, the most frequent first. `isWhole` is false when a bound was reached. */
export async function groupDeadLetters(
  store: Store,
  owner: DeadLetterOwner,
  filters: DeadLetterFilters,
): Promise<{ groups: DeadLetterGroup[]; isWhole: boolean }> {
  const stages: PipelineStage[] = [
    { $match: filterOf(owner, filters, true) },
    { $sort: { createdAt: -1, _id: -1 } },
    { $limit: MAX_GROUPED },
    { $project: { type: 1, cause: 1, createdAt: 1, queue: 1 } },
    {
      $group: {
        _id: { type: '$type', cause: '$cause' },
        count: { $sum: 1 },
        firstAt: { $min: '$createdAt' },
        lastAt: { $max: '$createdAt' },
        exampleId: { $first: '$_id' },
        queues: { $addToSet: '$queue' },
      },
    },
    { $sort: { count: -1, lastAt: -1 } },
    { $limit: MAX_GROUPS },
  ]
  type Row = Omit<DeadLetterGroup, 'type' | 'cause'> & { _id: { type: string; cause?: string } }
  const bounds = { maxTimeMS: SEARCH_MS }
  const rows = await inTime(within(owner, () => store.models.deadLetters.aggregate<Row>(stages, bounds)))
  const groups = rows.map(({ _id, ...group }) => ({ type: _id.type, cause: _id.cause ?? '', ...group }))
  const grouped = groups.reduce((sum, { count }) => sum + count, 0)
  return { groups, isWhole: grouped < MAX_GROUPED && groups.length < MAX_GROUPS }
}

/** @param plain true for an aggregation, whose operators need no `trusted` */
function filterOf(owner: DeadLetterOwner, { state, from, to, ...equal }: DeadLetterFilters, plain = false) {
  const op = <T extends object>(operator: T): T => (plain ? operator : trusted(operator))
  const given = Object.entries(equal).filter(([, value]) => value !== undefined)
  return {
    ...scopeOf(owner),
    ...(Object.fromEntries(given) as Partial<Pick<DeadLetterDoc, 'type' | 'queue' | 'cause' | 'messageId'>>),
    ...(state && { state: state === 'OPEN' ? op({ $in: [...OPEN_STATES] }) : state }),
    ...((from || to) && { createdAt: op({ ...(from && { $gte: from }), ...(to && { $lt: to }) }) }),
  }
}

const scopeOf = (owner: DeadLetterOwner): { tenantId?: Id | string | null } => (owner === 'all' ? {} : { tenantId: owner })

const within = <T>(owner: DeadLetterOwner, work: () => PromiseLike<T> | T): Promise<T> =>
  owner === null || owner === 'all' ? acrossTenants(work) : Promise.resolve(work())

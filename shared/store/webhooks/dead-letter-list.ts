import type { PipelineStage } from 'mongoose'
import { type DeadLetterState, OPEN_STATES } from '../../domain/dead-letter.ts'
import { notFound } from '../../domain/errors.ts'
import type { DeadLetterDoc, Id } from '../../model/documents.ts'
import { type Store, trusted } from '../connect.ts'
import { findPage, type Page, type PageRequest } from '../pages.ts'
import { acrossTenants } from '../tenancy/tenancy.ts'

/** Whose letters: a tenant's, nobody's (null), or everybody's. Who may ask for the last two is the caller's to check. */
export type DeadLetterOwner = Id | string | null | 'all'

/** What narrows a list; what is not given does not. */
export interface DeadLetterFilters {
  state?: DeadLetterState | 'OPEN' | undefined
  /** AMQP type of the message. */
  type?: string | undefined
  queue?: string | undefined
  cause?: string | undefined
  messageId?: string | undefined
  /** By the time of death: from the first moment on, before the second. */
  from?: Date | undefined
  to?: Date | undefined
}

/** By the time of death, newest first unless `ascending`. */
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

/** Other letters of the same message: it died before, or again after its replay. Newest first. */
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
  /** The newest one. */
  exampleId: Id
  queues: string[]
}

/** Beyond, the newest ones only are grouped. */
export const MOST_GROUPED = 10_000
const MOST_GROUPS = 200

/** What is wrong, the most frequent first. */
export async function groupDeadLetters(
  store: Store,
  owner: DeadLetterOwner,
  filters: DeadLetterFilters,
): Promise<{ groups: DeadLetterGroup[]; isWhole: boolean }> {
  const stages: PipelineStage[] = [
    { $match: filterOf(owner, filters, true) },
    { $sort: { createdAt: -1, _id: -1 } },
    { $limit: MOST_GROUPED },
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
    { $limit: MOST_GROUPS },
  ]
  type Row = Omit<DeadLetterGroup, 'type' | 'cause'> & { _id: { type: string; cause?: string } }
  const rows = await within(owner, () => store.models.deadLetters.aggregate<Row>(stages))
  const groups = rows.map(({ _id, ...group }) => ({ type: _id.type, cause: _id.cause ?? '', ...group }))
  const grouped = groups.reduce((sum, { count }) => sum + count, 0)
  return { groups, isWhole: grouped < MOST_GROUPED && groups.length < MOST_GROUPS }
}

/** @param plain for an aggregation, where operators are not guarded */
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

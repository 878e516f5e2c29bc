import type { Model, QueryFilter } from 'mongoose'
import { ApiError } from '../domain/errors.ts'
import type { Id } from '../model/documents.ts'
import { trusted } from './connect.ts'
import { perStore } from './per-store.ts'
import { TtlCache } from './ttl-cache.ts'

/** A request for one page of a list that is sorted by a time and then by id: by page number from 1, or after a cursor. */
export interface PageRequest {
  page: number
  limit: number
  cursor?: string
}
export interface Page<T> {
  rows: T[]
  total: number
  totalIsExact: boolean
  page: number
  limit: number
  hasMore: boolean
  nextCursor: string | null
}

/** Bound for counting the rows of a list: a larger exact total is not worth its cost. */
export const COUNT_LIMIT = 10_000

export interface PageOptions {
  ascending?: boolean
  projection?: Record<string, 0 | 1>
  /** Name of the index to use. */
  hint?: string
  /** Time limit of each of the two queries, 5 s by default. */
  maxTimeMs?: number
}

/** Time limit of a list, whose filters have indexes. */
export const LIST_MS = 5000
/** Time limit of a search, whose words may be anywhere: one that finds nothing reads all rows of the tenant. */
export const SEARCH_MS = 2000

/** Options of a list that may be searched. @param words what is searched for; undefined for a plain list */
export const searching = (words: string | undefined): Pick<PageOptions, 'maxTimeMs'> =>
  words === undefined ? {} : { maxTimeMs: SEARCH_MS }

/**
 * One page of a collection, sorted by the time in `field`, newest first unless `ascending`. A cursor continues after the last row
 * of the previous page and does not shift when rows are added; page numbers do.
 * @throws ApiError 400 for an invalid cursor, 503 SEARCH_TOO_BROAD beyond the time limit
 */
export async function findPage<T extends { _id: Id | string }>(
  model: Model<T>,
  filter: QueryFilter<T>,
  field: keyof T & string,
  page: PageRequest,
  options: PageOptions = {},
): Promise<Page<T>> {
  const direction = options.ascending ? 1 : -1
  const after = page.cursor === undefined ? null : readCursor(page.cursor, model.schema.path('_id').instance === 'ObjectId')
  const behind = after && (direction === 1 ? '$gt' : '$lt')
  const scope =
    after && behind
      ? {
          ...('tenantId' in filter && { tenantId: filter.tenantId }),
          $and: [
            filter,
            trusted({
              $or: [{ [field]: trusted({ [behind]: after.at }) }, { [field]: after.at, _id: trusted({ [behind]: after.id }) }],
            }),
          ],
        }
      : filter
  const { hint, maxTimeMs = LIST_MS } = options
  const bounds = { ...(hint && { hint }), maxTimeMS: maxTimeMs }
  const seen = model
    .find(scope as QueryFilter<T>, options.projection, bounds)
    .sort({ [field]: direction, _id: direction })
    .skip(skippedOf(page))
    .limit(page.limit + 1)
    .lean()
  const rows = (await inTime(seen)) as T[]
  const counted = totalShown(rows, page) ?? (await inTime(totalOf(model, filter, { ...bounds, limit: COUNT_LIMIT + 1 })))
  return pageOf(rows, field, page, { total: Math.min(counted, COUNT_LIMIT), totalIsExact: counted <= COUNT_LIMIT })
}

/** Rows before the page; behind a cursor none are counted. */
export const skippedOf = ({ page, limit, cursor }: PageRequest): number => (cursor === undefined ? (page - 1) * limit : 0)

/** The page of rows that were read with one more than its limit. */
export function pageOf<T extends { _id: Id | string }>(
  rows: readonly T[],
  field: keyof T & string,
  { page, limit }: PageRequest,
  total: Pick<Page<T>, 'total' | 'totalIsExact'>,
): Page<T> {
  const shown = rows.slice(0, limit)
  const last = shown[shown.length - 1]
  const hasMore = rows.length > limit
  const nextCursor = hasMore && last ? writeCursor(last[field], last._id) : null
  return { rows: shown, ...total, page, limit, hasMore, nextCursor }
}

/** The total that the last page of a numbered list tells; null for any other page. */
export function totalShown(rows: readonly unknown[], page: PageRequest): number | null {
  const skipped = skippedOf(page)
  const isKnown = page.cursor === undefined && rows.length <= page.limit && (rows.length > 0 || skipped === 0)
  return isKnown ? skipped + rows.length : null
}

/** Larger totals are cached: counting thousands of rows costs more than reading the page, and agents ask for the same lists. */
const CACHED_ABOVE = 1000
const CACHED_MS = 10_000
const totalsOf = perStore<TtlCache<string, number>>(() => new TtlCache(1000))

/** Number of rows that a filter leaves, up to `limit`; above `keptAbove` it may be `keptMs` old. */
export async function totalOf<T>(
  model: Model<T>,
  filter: QueryFilter<T>,
  bounds: { hint?: string; maxTimeMS: number; limit: number },
  { keptMs = CACHED_MS, keptAbove = CACHED_ABOVE } = {},
): Promise<number> {
  const cache = totalsOf(model)
  const key = bounds.limit + JSON.stringify(filter, (_, value: unknown) => (value instanceof RegExp ? value.source : value))
  const known = cache.get(key)
  if (known !== undefined) return known
  const counted = await model.countDocuments(filter, bounds)
  if (counted > keptAbove) cache.set(key, counted, keptMs)
  return counted
}

const TIME_LIMIT_EXCEEDED = 50

/** The result of bounded reads of a request. @throws ApiError 503 SEARCH_TOO_BROAD when MongoDB ended one at its time limit */
export async function inTime<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    if ((error as { code?: unknown }).code !== TIME_LIMIT_EXCEEDED) throw error
    throw new ApiError(503, 'SEARCH_TOO_BROAD', TOO_BROAD, { headers: { 'retry-after': '5' }, cause: error })
  }
}

const TOO_BROAD = 'The search took too long and was ended. Give more of the word or number, or narrow the list by its filters.'

export function pageView<T>({ rows, ...page }: Page<T>, view: (row: T) => unknown) {
  return { data: rows.map(view), ...page }
}

/** The cursor that continues after a row, also in a list of several collections. */
export const writeCursor = (at: unknown, id: unknown): string =>
  Buffer.from(`${(at as Date).getTime()}:${id}`).toString('base64url')

/** Time and id of the row that a cursor stands for. @throws ApiError 400 CURSOR_INVALID */
export function readCursor(cursor: string, hasObjectIds: boolean): { at: Date; id: string } {
  const match = /^(\d{1,15}):(.{1,1024})$/.exec(Buffer.from(cursor, 'base64url').toString())
  if (match === null || (hasObjectIds && !/^[0-9a-f]{24}$/.test(match[2] as string)))
    throw new ApiError(400, 'CURSOR_INVALID', 'The cursor is invalid. Use `nextCursor` from an earlier response.')
  return { at: new Date(Number(match[1])), id: match[2] as string }
}

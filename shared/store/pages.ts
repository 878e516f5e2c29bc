import type { Model, QueryFilter } from 'mongoose'
import { ApiError } from '../domain/errors.ts'
import type { Id } from '../model/documents.ts'
import { trusted } from './connect.ts'

/** A page of a list that is sorted by a time and then by id. */
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

/** Counting further would cost more than anybody gains. */
export const COUNT_LIMIT = 10_000

export interface PageOptions {
  ascending?: boolean
  projection?: Record<string, 0 | 1>
  /** The index to use, by name. */
  hint?: string
  /** Of each of its two queries; MongoDB's error 50 afterwards. */
  maxTimeMs?: number
}

/**
 * `field` is the time that sorts; newest first unless `ascending`. A cursor goes on behind the last row seen, and does not
 * shift when new rows come; pages do. @throws ApiError 400 for a cursor that is none of ours
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
  const { hint, maxTimeMs } = options
  const bounds = { ...(hint && { hint }), ...(maxTimeMs && { maxTimeMS: maxTimeMs }) }
  const seen = model
    .find(scope as QueryFilter<T>, options.projection, bounds)
    .sort({ [field]: direction, _id: direction })
    .skip(after ? 0 : (page.page - 1) * page.limit)
    .limit(page.limit + 1)
    .lean()
  const [found, counted] = await Promise.all([seen, model.countDocuments(filter, { ...bounds, limit: COUNT_LIMIT + 1 })])
  const rows = found as T[]
  const shown = rows.slice(0, page.limit)
  const last = shown[shown.length - 1]
  const hasMore = rows.length > page.limit
  return {
    rows: shown,
    total: Math.min(counted, COUNT_LIMIT),
    totalIsExact: counted <= COUNT_LIMIT,
    page: page.page,
    limit: page.limit,
    hasMore,
    nextCursor: hasMore && last ? writeCursor(last[field], last._id) : null,
  }
}

export function pageView<T>({ rows, ...page }: Page<T>, view: (row: T) => unknown) {
  return { data: rows.map(view), ...page }
}

/** Goes on behind a row: of a list whose rows come from several places too. */
export const writeCursor = (at: unknown, id: unknown): string =>
  Buffer.from(`${(at as Date).getTime()}:${id}`).toString('base64url')

/** @throws ApiError 400 for a cursor that is none of ours */
export function readCursor(cursor: string, hasObjectIds: boolean): { at: Date; id: string } {
  const match = /^(\d{1,15}):(.{1,1024})$/.exec(Buffer.from(cursor, 'base64url').toString())
  if (match === null || (hasObjectIds && !/^[0-9a-f]{24}$/.test(match[2] as string)))
    throw new ApiError(400, 'CURSOR_INVALID', 'Use the nextCursor of an answer')
  return { at: new Date(Number(match[1])), id: match[2] as string }
}

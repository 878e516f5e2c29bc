import type { Model, QueryFilter } from 'mongoose'
import { searchTerms } from '../domain/contacts/search-keys.ts'
import type { Id } from '../model/documents.ts'
import { trusted } from './connect.ts'
import { inTime, type Page, type PageRequest, pageOf, readCursor, SEARCH_MS, skippedOf, totalOf, totalShown } from './pages.ts'
import { perStore } from './per-store.ts'
import { TtlCache } from './ttl-cache.ts'

/**
 * Searches of people by the keys of their rows (`searchKeys`). Such an index finds the rows of a word in no order, and the index of a
 * list has the order and no words. So a word that few rows have is read by its keys, and its rows are sorted; of words that many
 * rows have, the newest rows are read in the order of the list until the page is full. Both give the same page, and each is bounded.
 */

/** Rows of a word are counted up to here; totals of searches stop here too. */
export const FEW_ROWS = 2000
/** So many rows of a word are read by its keys in any case, and the rows of a tenant are counted up to here. */
const VERY_FEW = 100
const MOST_COUNTED = 100_000
/**
 * Rows of the tenant that are read in the order of the list, and how many when those show that so many fill the page. Further on few
 * rows match, or old ones: then the keys are asked.
 */
export const MOST_READ = 5000
const MOST_READ_ON = 25_000

/** The index in the order of a list. */
const indexOf = (field: string) =>
  field === 'createdAt' ? 'tenant_created' : field === 'waitingSince' ? 'tenant_waiting' : 'tenant_activity'

interface Row {
  _id: Id
}
type Condition = Record<string, unknown>
/** The rows of a tenant that are looked through, and what is searched for in the field `keys`. */
export interface Sought {
  filter: Condition & { tenantId: Id | string }
  keys: 'keys' | 'contact.keys'
  q: string
}

interface Search<T extends Row> extends Sought {
  model: Model<T>
  field: keyof T & string
  direction: 1 | -1
  page: PageRequest
  after: { at: Date; id: string } | null
  /** Of each word: the condition on the keys, and how many rows meet it, at most one more than `FEW_ROWS`. */
  words: { condition: unknown; count: number }[]
  /** Whether the rarest word is read by its keys. */
  isRare: boolean
}

/**
 * One page of the rows that have all the words, sorted by the time in `field`, newest first unless `ascending`. A total that is not
 * exact is the least that there are. @throws ApiError 400 for an invalid cursor, 503 SEARCH_TOO_BROAD beyond the time limit
 */
export async function findPeople<T extends Row>(
  model: Model<T>,
  sought: Sought,
  field: keyof T & string,
  page: PageRequest,
  ascending = false,
): Promise<Page<T>> {
  const after = page.cursor === undefined ? null : readCursor(page.cursor, true)
  const terms = searchTerms(sought.q)
  if (terms.length === 0) return pageOf<T>([], field, page, { total: 0, totalIsExact: true })
  const words = await inTime(Promise.all(terms.map(term => countedWord(model, sought, term))))
  const direction = ascending ? 1 : -1
  const isRare = await isReadByKeys(model, sought, Math.min(...words.map(({ count }) => count)), page)
  const search = { ...sought, model, field, direction, page, after, words, isRare } as const
  const newest = isRare ? null : await readNewest(search)
  const rows = newest ?? (await read(search, byKeys(search), 'tenant_keys'))
  return pageOf(rows, field, page, await totalFound(search, rows))
}

/** The keys that begin with one of these. Beginnings are letters, digits and pictures, so nothing in them is a pattern. */
function conditionOf(beginnings: readonly string[]): unknown {
  const patterns = beginnings.map(beginning => new RegExp(`^${beginning}`))
  return patterns.length === 1 ? patterns[0] : trusted({ $in: patterns })
}

async function countedWord<T extends Row>(model: Model<T>, { filter: { tenantId }, keys }: Sought, term: string[]) {
  const condition = conditionOf(term)
  // By the index alone; deleted rows have no keys.
  const bounds = { hint: 'tenant_keys', maxTimeMS: SEARCH_MS, limit: FEW_ROWS + 1 }
  return { condition, count: await totalOf(model, { tenantId, [keys]: condition } as QueryFilter<T>, bounds) }
}

/** Whether the filter leaves all rows that the list has without one. */
const isPlain = ({ filter }: Sought) => Object.keys(filter).every(name => ['tenantId', 'deletedAt', 'groupId'].includes(name))

const rarestOf = <T extends Row>({ words }: Search<T>) => words.reduce((one, other) => (other.count < one.count ? other : one))

/**
 * Whether reading the rows of a word costs less than reading the list until the page is full: for that, of every `all / count` rows
 * one is found.
 */
async function isReadByKeys<T extends Row>(model: Model<T>, { filter }: Sought, count: number, page: PageRequest) {
  if (count <= VERY_FEW || count > FEW_ROWS) return count <= VERY_FEW
  const wanted = page.limit + 1 + skippedOf(page)
  const bounds = { maxTimeMS: SEARCH_MS, limit: MOST_COUNTED }
  const all = await inTime(totalOf(model, { tenantId: filter.tenantId } as QueryFilter<T>, bounds, { keptMs: SIZE_MS }))
  return count * count <= wanted * all
}

/** The size of a tenant changes slowly. */
const SIZE_MS = 600_000

async function read<T extends Row>({ model, field, direction, page }: Search<T>, filter: Condition, hint?: string) {
  const rows = model
    .find(filter as QueryFilter<T>, null, { maxTimeMS: SEARCH_MS, ...(hint && { hint }) })
    .sort({ [field]: direction, _id: direction })
    .skip(skippedOf(page))
    .limit(page.limit + 1)
    .lean()
  return (await inTime(rows)) as T[]
}

/** The page in the order of the list; null when it is not full within the rows that are read. */
async function readNewest<T extends Row>(search: Search<T>): Promise<T[] | null> {
  const { page, field } = search
  // With filters their own indexes may serve better. Without a hint every index of the tenant is tried, each time.
  const hint = isPlain(search) ? indexOf(field) : undefined
  const near = await endOfReading(search)
  const rows = await read(search, inOrder(search, near), hint)
  if (near === null || rows.length > page.limit) return rows
  const isLikely = (rows.length * MOST_READ_ON) / MOST_READ > page.limit
  if (!isLikely || skippedOf(page) > 0) return null
  const far = await endOfReading(search, MOST_READ_ON)
  const missing = { ...search, page: { ...page, limit: page.limit - rows.length } }
  const all = [...rows, ...(await read(missing, inOrder(search, far, near), hint))]
  return far === null || all.length > page.limit ? all : null
}

/** Rows by the keys of the rarest word, which the filter names as the only one that an index can find. */
function byKeys<T extends Row>(search: Search<T>): Condition {
  const rarest = rarestOf(search)
  const others = search.words.filter(word => word !== rarest)
  return withAlso({ ...search.filter, [search.keys]: rarest.condition }, [...behind(search), ...unindexed(search, others)])
}

/** Rows in the order of the list, beyond the time `from` and up to `end`. */
function inOrder<T extends Row>(search: Search<T>, end: Date | null, from: Date | null = null): Condition {
  const { field, direction, words, filter } = search
  const [upTo, beyond] = direction === 1 ? ['$lte', '$gt'] : ['$gte', '$lt']
  const range = { ...(end && { [upTo]: end }), ...(from && { [beyond]: from }) }
  const ranges = end || from ? [{ [field]: trusted(range) }] : []
  return withAlso(filter, [...ranges, ...behind(search), ...unindexed(search, words)])
}

const withAlso = (filter: Condition, more: Condition[]): Condition => {
  const all = [...((filter.$and as Condition[] | undefined) ?? []), ...more]
  return all.length === 0 ? filter : { ...filter, $and: all }
}

/** Rows behind the cursor. As a range, which is read from there on; an `$or` of two would be two readings. */
function behind<T extends Row>({ field, direction, after }: Search<T>): Condition[] {
  if (after === null) return []
  const [upTo, before] = direction === 1 ? ['$gte', '$lte'] : ['$lte', '$gte']
  const shown = { [field]: after.at, _id: trusted({ [before as string]: after.id }) }
  return [{ [field]: trusted({ [upTo as string]: after.at }) }, trusted({ $nor: [shown] })]
}

/** Words as a condition that no index answers, so that the plan is the one that was chosen here. */
function unindexed<T extends Row>({ keys }: Search<T>, words: Search<T>['words']): Condition[] {
  return words.length === 0 ? [] : [trusted({ $nor: words.map(({ condition }) => ({ $nor: [{ [keys]: condition }] })) })]
}

const ENDS_MS = 30_000
const endsOf = perStore<TtlCache<string, Date | null>>(() => new TtlCache(1000))

/** Time of the last of `most` rows in the order of the list; null when there are no more. Of the first page it may be 30 s old. */
async function endOfReading<T extends Row>(search: Search<T>, most = MOST_READ): Promise<Date | null> {
  const { model, field, direction, after, filter } = search
  const cache = endsOf(model)
  const key = `${filter.tenantId} ${field} ${most}`
  const known = after === null ? cache.get(key) : undefined
  if (known !== undefined) return known
  const bounds = { maxTimeMS: SEARCH_MS, hint: indexOf(field) }
  const range = { $gt: new Date(0), ...(after && { [direction === 1 ? '$gte' : '$lte']: after.at }) }
  const rows = model
    .find({ tenantId: filter.tenantId, [field]: trusted(range) } as QueryFilter<T>, { [field]: 1, _id: 0 }, bounds)
    .sort({ [field]: direction, _id: direction })
    .skip(most)
    .limit(1)
    .lean()
  const [last] = (await inTime(rows)) as unknown as T[]
  const end = (last?.[field] as Date | undefined) ?? null
  if (after === null) cache.set(key, end, ENDS_MS)
  return end
}

/** How many rows were found in all: of many, at least how many. */
async function totalFound<T extends Row>(
  search: Search<T>,
  rows: readonly T[],
): Promise<Pick<Page<T>, 'total' | 'totalIsExact'>> {
  const { model, page, filter, words, field } = search
  const shown = totalShown(rows, page)
  if (shown !== null) return { total: shown, totalIsExact: true }
  const bounds = { maxTimeMS: SEARCH_MS, limit: FEW_ROWS + 1 }
  const isOfWord = words.length === 1 && isPlain(search) && !('groupId' in filter)
  const first = { ...search, after: null }
  if (isOfWord) return upToFew(rarestOf(search).count, true)
  if (search.isRare || rarestOf(search).count <= FEW_ROWS)
    return upToFew(await inTime(totalOf(model, byKeys(first) as QueryFilter<T>, { ...bounds, hint: 'tenant_keys' })), true)
  const end = await endOfReading(first)
  const hint = isPlain(search) ? { hint: indexOf(field) } : {}
  const counted = await inTime(totalOf(model, inOrder(first, end) as QueryFilter<T>, { ...bounds, ...hint }, { keptAbove: 0 }))
  const seen = skippedOf(page) + rows.length
  return upToFew(Math.max(counted, seen), end === null)
}

const upToFew = (counted: number, isAll: boolean) => ({
  total: Math.min(counted, FEW_ROWS),
  totalIsExact: isAll && counted <= FEW_ROWS,
})

import { z } from 'zod'
import type { SentenceKey } from '#shared/domain/sentence.ts'

export const ObjectIdText = z.string().regex(/^[0-9a-f]{24}$/, 'Must be 24 hexadecimal digits')
export const IdParams = z.strictObject({ id: ObjectIdText })
/** What browsers and programs call a CSV file; Windows with Excel says `application/vnd.ms-excel`. */
export const CSV_TYPES = [
  ...['text/csv', 'application/csv', 'text/plain', 'text/x-csv', 'application/x-csv', 'text/comma-separated-values'],
  ...['text/tab-separated-values', 'application/vnd.ms-excel', 'application/octet-stream'],
]
/** Name of a contact's attribute: letters of any script, digits and underscores. */
export const ATTRIBUTE_NAME = /^[\p{L}\p{M}\p{N}_]{1,64}$/u
/** A time of a query or a body, with any offset. */
export const Time = z.iso.datetime({ offset: true }).transform(text => new Date(text))
/** Boolean query parameter: `true` or `false`. */
export const flagText = z.enum(['true', 'false']).transform(text => text === 'true')

/** A sentence as a stable name with values, for texts in other languages. */
export const SentenceKeyView = z.object({ key: z.string(), parameters: z.record(z.string(), z.string()) })

/** The key of a stored sentence. */
export const sentenceKeyView = ({ key, parameters }: SentenceKey): SentenceKey => ({ key, parameters: { ...parameters } })

/** Query fields of a paged list: `page` and `limit`, or the `cursor` of the previous response. */
export const Paging = {
  page: z.coerce.number().int().min(1).max(10_000).default(1),
  limit: z.coerce.number().int().min(1).max(100).default(25),
  cursor: z.string().max(1600).optional(),
}

/** What a search of people finds, as `searchTerms` reads it. */
export const PEOPLE_FOUND =
  'Beginnings of words, all of which must be there, in any order: of a name (without regard to case and accents) or a username; or three or more digits of a phone number that stand together, of its end four or more, in national or international form. A total that is not exact is the least that there are'

/** Response of a paged list. `totalIsExact` is false when counting stopped at its bound. */
export const listOf = (item: z.ZodType) =>
  z.object({
    data: z.array(item),
    total: z.number().int(),
    totalIsExact: z.boolean(),
    page: z.number().int(),
    limit: z.number().int(),
    hasMore: z.boolean(),
    nextCursor: z.string().nullable(),
  })

/** Query fields of a list that is short and whole unless a `limit` is given. It has no cursors. */
export const ShortPaging = { page: Paging.page, limit: z.coerce.number().int().min(1).max(100).optional() }

/** Body of a short list, in the form of the paged ones. */
export function wholeList<T>(all: T[], { page = 1, limit }: { page?: number; limit?: number | undefined } = {}) {
  const size = limit ?? Math.max(all.length, 1)
  const data = limit === undefined && page > 1 ? [] : all.slice((page - 1) * size, page * size)
  return { data, total: all.length, totalIsExact: true, page, limit: size, hasMore: page * size < all.length, nextCursor: null }
}

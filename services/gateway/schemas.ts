import { z } from 'zod'

export const ObjectIdText = z.string().regex(/^[0-9a-f]{24}$/, 'an id has 24 hex digits')
export const IdParams = z.strictObject({ id: ObjectIdText })
export const flagText = z.enum(['true', 'false']).transform(text => text === 'true')

/** `page` and `limit`, or a `cursor` of the answer before. */
export const Paging = {
  page: z.coerce.number().int().min(1).max(10_000).default(1),
  limit: z.coerce.number().int().min(1).max(100).default(25),
  cursor: z.string().max(1600).optional(),
}

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

/** Of what is few and shown whole, in the form of all lists. */
export const wholeList = <T>(data: T[]) => ({
  data,
  total: data.length,
  totalIsExact: true,
  page: 1,
  limit: data.length,
  hasMore: false,
  nextCursor: null,
})

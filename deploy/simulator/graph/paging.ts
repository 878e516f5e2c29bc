import type { Call } from '../call.ts'
import { idOf, textOf } from '../params.ts'
import { GraphError } from './errors.ts'

const DEFAULT_LIMIT = 25
const MAX_LIMIT = 1000

/**
 * One page of a list with Graph's cursors. `next` is present while more entries follow.
 * @throws GraphError 131059 (100 before v24) for a cursor that was not made here or whose entry does not exist any more
 */
export function pageOf<T>(call: Call, list: T[], idFor: (entry: T) => string): { entries: T[]; paging: object } {
  const { params } = call
  const limit = Math.min(MAX_LIMIT, Number(idOf(params.limit) ?? DEFAULT_LIMIT))
  const after = textOf(params.after)
  const before = textOf(params.before)
  const end = before === undefined ? list.length : positionOf(call, before, list, idFor)
  const start =
    after !== undefined ? positionOf(call, after, list, idFor) + 1 : before !== undefined ? Math.max(0, end - limit) : 0
  const entries = list.slice(start, before === undefined ? start + limit : end)
  const [first, last] = [entries[0], entries.at(-1)]
  const cursors = { before: first ? cursorOf(idFor(first)) : '', after: last ? cursorOf(idFor(last)) : '' }
  const hasMore = entries.length > 0 && start + entries.length < list.length
  return {
    entries,
    paging: {
      cursors,
      ...(hasMore && { next: nextLink(call, cursors.after) }),
    },
  }
}

const cursorOf = (id: string) => `QVFIU${Buffer.from(id).toString('base64url')}`

function positionOf<T>({ version }: Call, cursor: string, list: T[], idFor: (entry: T) => string): number {
  const id = cursor.startsWith('QVFIU') ? Buffer.from(cursor.slice(5), 'base64url').toString() : ''
  const position = list.findIndex(entry => idFor(entry) === id)
  if (position >= 0) return position
  if (version >= 24) throw new GraphError(131059)
  throw new GraphError(100, { message: '(#100) Invalid cursor' })
}

function nextLink({ origin, version, path, query }: Call, cursor: string): string {
  const next = new URLSearchParams(query)
  next.delete('after')
  next.delete('before')
  next.delete('access_token')
  next.set('after', cursor)
  return `${origin}/v${version}.0${path}?${next}`
}

import { ApiError } from '../../domain/errors.ts'
import type { Id, MessageDoc } from '../../model/documents.ts'
import { toId } from '../../model/ids.ts'
import { type Store, trusted } from '../connect.ts'
import { findPage, type Page, type PageRequest } from '../pages.ts'

export interface MessageFilter {
  /** Words, all of which a text holds. */
  q?: string | undefined
  status?: MessageDoc['status'] | undefined
  clientId?: string | undefined
  /** The present one or that of an attempt before. */
  wamid?: string | undefined
  from?: Date | undefined
  /** Before this moment. */
  to?: Date | undefined
}

/** Beyond it a search would hold up the sends. */
const MOST_MS = 5000
const TIME_LIMIT_EXCEEDED = 50

/**
 * Messages of a tenant over all threads, newest first. Words and wamids have an index of their own, all else is read along the
 * time. @throws ApiError 400 for a foreign cursor, 422 SEARCH_TOO_BROAD
 */
export async function searchMessages(
  store: Store,
  tenantId: Id | string,
  filter: MessageFilter,
  page: PageRequest,
): Promise<Page<MessageDoc>> {
  const options = { projection: { timeline: 0, payload: 0 }, maxTimeMs: MOST_MS, ...indexFor(filter) } as const
  try {
    const known = filter.wamid === undefined ? {} : { _id: trusted({ $in: await idsOf(store, tenantId, filter.wamid) }) }
    return await findPage<MessageDoc>(store.models.messages, { tenantId, ...known, ...conditionsOf(filter) }, 'at', page, options)
  } catch (error) {
    if ((error as { code?: unknown }).code !== TIME_LIMIT_EXCEEDED) throw error
    throw new ApiError(422, 'SEARCH_TOO_BROAD', 'Too many messages to look through: name a shorter time (from, to)')
  }
}

/** Of the message that has this wamid or had it in an attempt before: two reads by index, where one of both would read the tenant's all. */
async function idsOf(store: Store, tenantId: Id | string, wamid: string): Promise<Id[]> {
  const ways = [{ wamid }, { previousIds: wamid }]
  const found = await Promise.all(
    ways.map(way =>
      store.models.messages
        .find({ tenantId, ...way }, { _id: 1 })
        .limit(25)
        .lean(),
    ),
  )
  return found.flat().map(({ _id }) => _id)
}

function conditionsOf({ q, status, clientId, from, to }: MessageFilter) {
  const at = { ...(from && { $gte: from }), ...(to && { $lt: to }) }
  return {
    ...(q !== undefined && { $text: trusted({ $search: allWords(q) }) }),
    ...(status && { status }),
    ...(clientId && { clientId: toId(clientId) }),
    ...((from || to) && { at: trusted(at) }),
  }
}

/** Of MongoDB's text search: each word in quotes is asked for, a minus excludes nothing. */
export const allWords = (q: string): string =>
  q
    .replaceAll(/["\\]/g, ' ')
    .split(/\s+/)
    .filter(word => word !== '')
    .map(word => `"${word}"`)
    .join(' ')

/** What the planner might take instead would sort what it found. */
function indexFor({ q, wamid, status }: MessageFilter): { hint?: string } {
  if (q !== undefined) return {}
  if (wamid !== undefined) return { hint: '_id_' }
  return { hint: status === 'FAILED' ? 'tenant_failed' : 'tenant_at' }
}

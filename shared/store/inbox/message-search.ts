import type { Id, MessageDoc } from '../../model/documents.ts'
import { toId } from '../../model/ids.ts'
import { type Store, trusted } from '../connect.ts'
import { findPage, inTime, type Page, type PageRequest, SEARCH_MS } from '../pages.ts'
import { visibleMessages, withAll } from './visibility.ts'

export interface MessageFilter {
  /** Words that the text must all contain. */
  q?: string | undefined
  status?: MessageDoc['status'] | undefined
  clientId?: string | undefined
  /** Current wamid, or that of an earlier attempt. */
  wamid?: string | undefined
  from?: Date | undefined
  /** Exclusive. */
  to?: Date | undefined
}

/**
 * Messages of a tenant in all conversations, newest first. Words and wamids have their own indexes; other filters scan the index
 * by time. @throws ApiError 400 for an invalid cursor, 503 SEARCH_TOO_BROAD
 */
export async function searchMessages(
  store: Store,
  tenantId: Id | string,
  filter: MessageFilter,
  page: PageRequest,
): Promise<Page<MessageDoc>> {
  const visible = await visibleMessages(store, tenantId)
  const index = visible.length === 0 ? indexFor(filter) : {}
  const options = { projection: { timeline: 0, payload: 0 }, maxTimeMs: SEARCH_MS, ...index } as const
  const known = filter.wamid === undefined ? {} : { _id: trusted({ $in: await idsOf(store, tenantId, filter.wamid) }) }
  const conditions = { tenantId, ...known, ...conditionsOf(filter), ...withAll(visible) }
  return await findPage<MessageDoc>(store.models.messages, conditions, 'at', page, options)
}

/**
 * Ids of the messages that have this wamid, or had it in an earlier attempt. Two queries, each by its index: a single one with
 * `$or` would scan all messages of the tenant.
 */
async function idsOf(store: Store, tenantId: Id | string, wamid: string): Promise<Id[]> {
  const ways = [{ wamid }, { previousIds: wamid }]
  const bounds = { limit: 25, maxTimeMS: SEARCH_MS }
  const found = await inTime(
    Promise.all(ways.map(way => store.models.messages.find({ tenantId, ...way }, { _id: 1 }, bounds).lean())),
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

/**
 * A search string for MongoDB's text search that requires every word; quoting also keeps a leading minus from excluding a word.
 */
export const allWords = (q: string): string =>
  q
    .replaceAll(/["\\]/g, ' ')
    .split(/\s+/)
    .filter(word => word !== '')
    .map(word => `"${word}"`)
    .join(' ')

/** The index for a search without words. Without a hint the planner may choose one that needs a sort. */
function indexFor({ q, wamid, status }: MessageFilter): { hint?: string } {
  if (q !== undefined) return {}
  if (wamid !== undefined) return { hint: '_id_' }
  return { hint: status === 'FAILED' ? 'tenant_failed' : 'tenant_at' }
}

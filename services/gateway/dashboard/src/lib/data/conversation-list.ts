import type { ConversationView } from '#shared/contracts/views.ts'
import type { ListPage } from '../api/types.ts'

/** Filters of a list of conversations, as the API names them. */
export interface ConversationFilters {
  mine?: boolean
  unassigned?: boolean
  /** `open`: open and not snoozed. */
  status?: 'open' | 'closed' | 'snoozed'
  assigneeId?: string
  unread?: boolean
  /** The customer waits for a first answer. */
  unattended?: boolean
  label?: string
  clientId?: string
  /** Minutes within which the window closes. */
  closesWithin?: number
  /** State of the customer service window. */
  window?: 'open' | 'closed'
  /** Only those whose customer waits for an answer, who waits longest first. */
  sort?: 'waiting'
  q?: string
}

/**
 * Whether a conversation belongs into a list; null where only the server knows: a search compares what is not in the view, and a
 * window closes without an event.
 */
export function belongs(filters: ConversationFilters, conversation: ConversationView, userId: string): boolean | null {
  const { mine, unassigned, assigneeId, status, unread, unattended, label, clientId, closesWithin, window, sort, q } = filters
  if (mine && conversation.assignedTo?.id !== userId) return false
  if (unassigned && conversation.assignedTo !== null) return false
  if (assigneeId && conversation.assignedTo?.id !== assigneeId) return false
  if (status && stateOf(conversation) !== status) return false
  const waits = conversation.waitingSince !== null && stateOf(conversation) === 'open'
  if ((sort === 'waiting' || unattended) && !waits) return false
  if (unread && conversation.unreadCount === 0) return false
  if (label && !conversation.labels.includes(label)) return false
  if (clientId && conversation.clientId !== clientId) return false
  return q || closesWithin || window || unattended ? null : true
}

/** State by which lists part conversations: a snoozed one is not among the open ones. */
export const stateOf = ({
  status,
  snoozedUntil,
}: Pick<ConversationView, 'status' | 'snoozedUntil'>): 'open' | 'closed' | 'snoozed' =>
  status === 'open' && snoozedUntil !== null ? 'snoozed' : status

export interface Pages<Item> {
  pages: ListPage<Item>[]
  pageParams: unknown[]
}
type ConversationPages = Pages<ConversationView>

/** Time by which a list is sorted, newest first. */
export const activityAt = ({ lastMessage, createdAt }: ConversationView): string => lastMessage?.at ?? createdAt

/** Whether `row` stands behind `conversation` in a list. */
const standsBehind = ({ sort }: ConversationFilters, row: ConversationView, conversation: ConversationView): boolean =>
  sort === 'waiting' ? (row.waitingSince ?? '') > (conversation.waitingSince ?? '') : activityAt(row) < activityAt(conversation)

/** Whether `next` is as new as what is known. Views are whole: an older one must not replace a newer one. */
export const isNewer = (next: ConversationView, known: ConversationView | undefined): boolean =>
  known === undefined || next.updatedAt >= known.updatedAt

/**
 * The list with the conversation as it is now: changed in place, moved to where its last activity belongs, added, or removed. The
 * same list when nothing changes. A row that would stand behind the last loaded one is left to the next page.
 */
export function patchList(
  list: ConversationPages,
  conversation: ConversationView,
  filters: ConversationFilters,
  userId: string,
): ConversationPages {
  const rows = list.pages.flatMap(page => page.data)
  const at = rows.findIndex(({ id }) => id === conversation.id)
  const known = rows[at]
  if (!isNewer(conversation, known)) return list
  const verdict = belongs(filters, conversation, userId)
  if (verdict === false || (verdict === null && known === undefined)) return known ? without(list, conversation.id) : list
  const others = known ? rows.filter(({ id }) => id !== conversation.id) : rows
  const place = others.findIndex(row => standsBehind(filters, row, conversation))
  const hasMore = list.pages.at(-1)?.hasMore ?? false
  if (place < 0 && hasMore) return known ? without(list, conversation.id) : counted(list, 1)
  const next = others.toSpliced(place < 0 ? others.length : place, 0, conversation)
  return counted(repaged(list, next), known ? 0 : 1)
}

/** The list without a conversation. */
export function without(list: ConversationPages, id: string): ConversationPages {
  const rows = list.pages.flatMap(page => page.data)
  const left = rows.filter(row => row.id !== id)
  return left.length === rows.length ? list : counted(repaged(list, left), -1)
}

/** Rows in their new order, in as many pages as before; the first page takes what is more. */
function repaged(list: ConversationPages, rows: ConversationView[]): ConversationPages {
  const sizes = list.pages.map(page => page.data.length)
  const more = rows.length - sizes.reduce((sum, size) => sum + size, 0)
  let from = 0
  const pages = list.pages.map((page, i) => {
    const to = from + Math.max(0, (sizes[i] ?? 0) + (i === 0 ? more : 0))
    const data = i === list.pages.length - 1 ? rows.slice(from) : rows.slice(from, to)
    from = to
    return { ...page, data }
  })
  return { ...list, pages }
}

const counted = (list: ConversationPages, more: number): ConversationPages =>
  more === 0 ? list : { ...list, pages: list.pages.map(page => ({ ...page, total: Math.max(0, page.total + more) })) }

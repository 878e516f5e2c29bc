import type { MessageView } from '#shared/contracts/views.ts'
import type { Pages } from './conversation-list.ts'

/** Order of the states of a message; a later one is never replaced by an earlier one. */
const RANK: Record<MessageView['status'], number> = { QUEUED: 0, SENT: 1, DELIVERED: 2, READ: 3, FAILED: 4, RECEIVED: 4 }

/**
 * The newer of two views of one message. A failed message that is sent again is QUEUED once more, later; otherwise the state decides,
 * and of equal ones the one that came last.
 */
export function newerMessage(known: MessageView, next: MessageView): MessageView {
  if (next.statusUpdatedAt !== known.statusUpdatedAt) {
    const isLater = next.statusUpdatedAt > known.statusUpdatedAt
    const isRetry = known.status === 'FAILED' && next.status !== 'FAILED'
    if (isLater && (isRetry || RANK[next.status] >= RANK[known.status])) return next
    if (!isLater && RANK[next.status] <= RANK[known.status]) return known
  }
  return RANK[next.status] >= RANK[known.status] ? next : known
}

/** Pages of a conversation come newest first. The list with this message as it is now, at its place; the same list when nothing changes. */
export function patchMessages(list: Pages<MessageView>, message: MessageView): Pages<MessageView> {
  for (const [i, page] of list.pages.entries()) {
    const at = page.data.findIndex(({ id }) => id === message.id)
    const known = page.data[at]
    if (known === undefined) continue
    const next = newerMessage(known, message)
    if (next === known) return list
    return replacePage(list, i, page.data.with(at, next))
  }
  return insert(list, message)
}

/** Messages are sorted by their time and then by their ids, which grow. */
const isBefore = (a: MessageView, b: MessageView): boolean =>
  a.createdAt === b.createdAt ? a.id < b.id : a.createdAt < b.createdAt

function insert(list: Pages<MessageView>, message: MessageView): Pages<MessageView> {
  for (const [i, page] of list.pages.entries()) {
    const at = page.data.findIndex(known => isBefore(known, message))
    if (at >= 0) return replacePage(list, i, page.data.toSpliced(at, 0, message))
  }
  const last = list.pages.length - 1
  const oldest = list.pages[last]
  // Older than all that is loaded: it comes with its page, unless there is none.
  if (oldest === undefined || oldest.hasMore) return list
  return replacePage(list, last, [...oldest.data, message])
}

const replacePage = <Item>(list: Pages<Item>, at: number, data: Item[]): Pages<Item> => ({
  ...list,
  pages: list.pages.map((page, i) => (i === at ? { ...page, data } : page)),
})

/** Messages of all loaded pages, oldest first. */
export const inOrder = (list: Pages<MessageView> | undefined): MessageView[] =>
  list === undefined ? [] : list.pages.flatMap(page => page.data).reverse()

/** Messages in the newest page above which those further up are let go where nobody reads them; a page is loaded with 40. */
const MOST_IN_NEWEST = 120

/** Whether so many messages have come to a conversation since it was loaded that the older ones are to be let go. */
export const isLong = (list: Pages<MessageView> | undefined): boolean => (list?.pages[0]?.data.length ?? 0) > MOST_IN_NEWEST

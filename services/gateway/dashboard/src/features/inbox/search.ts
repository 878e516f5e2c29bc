import type { ConversationFilters } from '../../lib/data/conversation-list.ts'

export const TABS = ['mine', 'unassigned', 'all'] as const
export type Tab = (typeof TABS)[number]

/** What the address says about the list. What is missing has its default. */
export interface InboxSearch {
  tab?: Tab
  /** Default: open. */
  status?: 'closed' | 'any'
  unread?: true
  label?: string
  number?: string
  /** `closing`: within an hour. */
  window?: 'closing'
  q?: string
}

/** Reads the search of an address; what it does not know is left out. */
export function readInboxSearch(given: Record<string, unknown>): InboxSearch {
  const text = (value: unknown) =>
    typeof value === 'string' && value !== '' ? value : typeof value === 'number' ? String(value) : undefined
  const search: InboxSearch = {}
  if (TABS.includes(given.tab as Tab)) search.tab = given.tab as Tab
  if (given.status === 'closed' || given.status === 'any') search.status = given.status
  if (given.unread === true) search.unread = true
  if (given.window === 'closing') search.window = given.window
  for (const name of ['label', 'number', 'q'] as const) {
    const value = text(given[name])
    if (value !== undefined) search[name] = value
  }
  return search
}

/** Filters of the API for a tab under the search. */
export function filtersOf({ status, unread, label, number, window, q }: InboxSearch, tab: Tab): ConversationFilters {
  return {
    ...(tab === 'mine' && { mine: true }),
    ...(tab === 'unassigned' && { unassigned: true }),
    ...(status !== 'any' && { status: status ?? 'open' }),
    ...(unread && { unread }),
    ...(label && { label }),
    ...(number && { clientId: number }),
    ...(window && { closesWithin: 60 }),
    ...(q && { q }),
  }
}

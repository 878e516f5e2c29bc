import type { ConversationFilters } from '../../lib/data/conversation-list.ts'

export const TABS = ['mine', 'unassigned', 'all'] as const
export type Tab = (typeof TABS)[number]

/** What the address says about the list. What is missing has its default. */
export interface InboxSearch {
  tab?: Tab
  /** Default: open. */
  status?: 'closed' | 'snoozed' | 'any'
  unread?: true
  /** The customer waits for a first answer. */
  unattended?: true
  label?: string
  number?: string
  /** Id of a colleague. */
  assignee?: string
  /** State of the customer service window; `closing`: within an hour. */
  window?: 'closing' | 'open' | 'closed'
  /** Default: the newest activity first. */
  sort?: 'waiting'
  q?: string
  /** The contact of the open conversation is shown, where it has no column of its own. */
  contact?: true
  /** Id of the message whose timeline is shown. */
  message?: string
}

const STATUSES = ['closed', 'snoozed', 'any'] as const
export const WINDOWS = ['closing', 'open', 'closed'] as const

/** Reads the search of an address; what it does not know is left out. */
export function readInboxSearch(given: Record<string, unknown>): InboxSearch {
  const text = (value: unknown) =>
    typeof value === 'string' && value !== '' ? value : typeof value === 'number' ? String(value) : undefined
  const search: InboxSearch = {}
  if (TABS.includes(given.tab as Tab)) search.tab = given.tab as Tab
  const status = STATUSES.find(known => known === given.status)
  if (status) search.status = status
  if (given.unread === true) search.unread = true
  if (given.unattended === true) search.unattended = true
  const window = WINDOWS.find(known => known === given.window)
  if (window) search.window = window
  if (given.sort === 'waiting') search.sort = given.sort
  if (given.contact === true) search.contact = true
  for (const name of ['label', 'number', 'assignee', 'q', 'message'] as const) {
    const value = text(given[name])
    if (value !== undefined) search[name] = value
  }
  return search
}

/** Filters of the API for a tab under the search. */
export function filtersOf(search: InboxSearch, tab: Tab): ConversationFilters {
  const { status, unread, unattended, label, number, assignee, window, sort, q } = search
  return {
    ...(tab === 'mine' && { mine: true }),
    ...(tab === 'unassigned' && { unassigned: true }),
    ...(status !== 'any' && { status: status ?? 'open' }),
    ...(unread && { unread }),
    ...(unattended && { unattended }),
    ...(label && { label }),
    ...(number && { clientId: number }),
    ...(assignee && { assigneeId: assignee }),
    ...(window === 'closing' ? { closesWithin: 60 } : window && { window }),
    ...(sort && { sort }),
    ...(q && { q }),
  }
}

/** Whether the list is narrowed by more than its tab. */
export const isFiltered = ({ q, unread, unattended, label, number, assignee, window, status }: InboxSearch): boolean =>
  [q, unread, unattended, label, number, assignee, window, status].some(value => value !== undefined)

/** The search without what belongs to the open conversation, for links to another one. */
export const searchOfList = ({ contact: _contact, message: _message, ...search }: InboxSearch): InboxSearch => search

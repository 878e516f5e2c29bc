import type { SavedView } from '../../lib/data/inbox-aids.ts'
import { filtersOf, type InboxSearch, type Tab } from './search.ts'

type Query = SavedView['query']

/** The filters of the list as the API names them, to be saved. */
export function queryOf(search: InboxSearch): Query {
  const given = Object.entries(filtersOf(search, search.tab ?? 'mine'))
  return Object.fromEntries(given.filter((entry): entry is [string, Query[string]] => entry[1] !== undefined))
}

/** How each part of a saved query is shown by the inbox. What is not here, or has another value, it cannot show. */
const SHOWN: Record<string, (value: string, search: InboxSearch) => boolean> = {
  mine: (value, search) => value === 'true' && tabIs(search, 'mine'),
  unassigned: (value, search) => value === 'true' && tabIs(search, 'unassigned'),
  assigneeId: (value, search) => set(search, { assignee: value }),
  status: (value, search) =>
    value === 'open' || (['closed', 'snoozed'].includes(value) && set(search, { status: value as 'closed' })),
  unread: (value, search) => value === 'true' && set(search, { unread: true }),
  unattended: (value, search) => value === 'true' && set(search, { unattended: true }),
  label: (value, search) => set(search, { label: value }),
  clientId: (value, search) => set(search, { number: value }),
  q: (value, search) => set(search, { q: value }),
  closesWithin: (value, search) => value === '60' && set(search, { window: 'closing' }),
  window: (value, search) => ['open', 'closed'].includes(value) && set(search, { window: value as 'open' }),
  sort: (value, search) => value === 'activity' || (value === 'waiting' && set(search, { sort: 'waiting' })),
}

/** The search of the address that shows a saved view; null when it has filters that the inbox does not know. */
export function searchOf(query: Query): InboxSearch | null {
  const search: InboxSearch = {}
  // Without a state a query means all of them.
  if (query.status === undefined) search.status = 'any'
  if (query.mine === undefined && query.unassigned === undefined) search.tab = 'all'
  const isShown = Object.entries(query).every(([name, value]) => SHOWN[name]?.(String(value), search) ?? false)
  if (!isShown) return null
  if (search.tab === 'mine') delete search.tab
  return search
}

function tabIs(search: InboxSearch, tab: Tab): boolean {
  if (search.tab !== undefined) return false
  search.tab = tab
  return true
}

function set(search: InboxSearch, part: InboxSearch): boolean {
  Object.assign(search, part)
  return true
}

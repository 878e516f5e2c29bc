import { queryOptions, useQuery } from '@tanstack/react-query'
import type { Availability } from '#shared/contracts/availability.ts'
import { get } from '../api/client.ts'
import type { ListPage, Role } from '../api/types.ts'
import { keys } from './keys.ts'

/** A label of the account; conversations and contacts hold its name. */
export interface LabelView {
  id: string
  name: string
  /** `#rrggbb`. */
  color: string
  /** When to use it. */
  description: string | null
}

export const labelsQuery = queryOptions({
  queryKey: keys.labels,
  queryFn: ({ signal }) => get<ListPage<LabelView>>('/labels', undefined, signal),
  select: page => page.data,
  // `label:changed` asks again.
  staleTime: Number.POSITIVE_INFINITY,
})

/** The labels of the account by name; undefined while they are not known. */
export const useLabels = (): LabelView[] | undefined => useQuery(labelsQuery).data

/** Somebody to whom a conversation can be given. */
export interface Colleague {
  id: string
  name: string
  role: Role
  availability: Availability
}

export const colleaguesQuery = queryOptions({
  queryKey: keys.colleagues,
  queryFn: ({ signal }) => get<ListPage<Colleague>>('/users/names', undefined, signal),
  select: page => page.data,
  staleTime: 60_000,
})

/** The active people of the account by name; undefined while they are not known. */
export const useColleagues = (): Colleague[] | undefined => useQuery(colleaguesQuery).data

/** A prepared answer: a text, a file or both. */
export interface QuickReply {
  id: string
  scope: 'account' | 'own'
  /** What is typed after `/`. */
  shortcut: string
  title: string
  text: string | null
  mediaId: string | null
}

/** Quick replies of the account and one's own, by shortcut. */
export const quickRepliesQuery = queryOptions({
  queryKey: keys.quickReplies,
  queryFn: ({ signal }) => get<ListPage<QuickReply>>('/quick-replies', undefined, signal),
  select: page => page.data,
})

/** Filters of the inbox under a name. */
export interface SavedView {
  id: string
  scope: 'account' | 'own'
  name: string
  /** Query of `GET /conversations`. */
  query: Record<string, string | number | boolean>
}

export const savedViewsQuery = queryOptions({
  queryKey: keys.views,
  queryFn: ({ signal }) => get<ListPage<SavedView>>('/views', undefined, signal),
  select: page => page.data,
})

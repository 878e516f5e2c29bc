import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import type { ConversationView } from '#shared/contracts/views.ts'
import { get } from '../api/client.ts'
import type { ListPage } from '../api/types.ts'
import { withEventsSince } from '../realtime/catch-up.ts'
import type { ConversationFilters } from './conversation-list.ts'
import { keys } from './keys.ts'

const PAGE = 50

/** Conversations by their last activity, newest first, 50 at a time. Events keep the loaded rows as they are. */
export const conversationListQuery = (filters: ConversationFilters) =>
  infiniteQueryOptions({
    queryKey: keys.conversationList(filters),
    queryFn: ({ pageParam, signal }) =>
      withEventsSince(keys.conversationList(filters), () =>
        get<ListPage<ConversationView>>('/conversations', { ...filters, limit: PAGE, cursor: pageParam }, signal),
      ),
    initialPageParam: null as string | null,
    getNextPageParam: ({ nextCursor }) => nextCursor,
    staleTime: Number.POSITIVE_INFINITY,
  })

/** How many conversations a list has; asked again a moment after something changed. */
export const conversationCountQuery = (filters: ConversationFilters) =>
  queryOptions({
    queryKey: keys.conversationCount(filters),
    queryFn: async ({ signal }) => {
      const { total, totalIsExact } = await get<ListPage<unknown>>('/conversations', { ...filters, limit: 1 }, signal)
      return { total, totalIsExact }
    },
    staleTime: Number.POSITIVE_INFINITY,
  })

export const conversationQuery = (id: string) =>
  queryOptions({
    queryKey: keys.conversation(id),
    queryFn: ({ signal }) =>
      withEventsSince(keys.conversation(id), () => get<ConversationView>(`/conversations/${id}`, undefined, signal)),
    staleTime: Number.POSITIVE_INFINITY,
  })

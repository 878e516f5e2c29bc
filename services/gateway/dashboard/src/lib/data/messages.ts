import { type InfiniteData, infiniteQueryOptions, type QueryClient, queryOptions } from '@tanstack/react-query'
import type { MessageView } from '#shared/contracts/views.ts'
import { get } from '../api/client.ts'
import type { ListPage } from '../api/types.ts'
import { withEventsSince } from '../realtime/catch-up.ts'
import { keys } from './keys.ts'
import { inOrder } from './message-list.ts'

const PAGE = 40

/** Messages of a conversation, newest first, 40 at a time; `fetchNextPage` loads older ones. Events keep what is loaded as it is. */
export const messagesQuery = (conversationId: string) =>
  infiniteQueryOptions({
    queryKey: keys.messages(conversationId),
    queryFn: ({ pageParam, signal }) =>
      withEventsSince(keys.messages(conversationId), () =>
        get<ListPage<MessageView>>(
          `/conversations/${conversationId}/messages`,
          { limit: PAGE, cursor: pageParam, order: 'desc' },
          signal,
        ),
      ),
    initialPageParam: null as string | null,
    getNextPageParam: ({ nextCursor }) => nextCursor,
    staleTime: Number.POSITIVE_INFINITY,
  })

/** Loads the newest page of a conversation anew and lets go all older messages: scrolling loads them again. */
export function loadNewestOnly(queries: QueryClient, conversationId: string): void {
  const { queryKey } = messagesQuery(conversationId)
  if (queries.isFetching({ queryKey }) > 0) return
  queries.setQueryData(queryKey, list => list && { pages: list.pages.slice(0, 1), pageParams: list.pageParams.slice(0, 1) })
  void queries.invalidateQueries({ queryKey })
}

/** Messages of a conversation that wait for their time, the next one first: they are in the list of messages only when it comes. */
export const scheduledQuery = (conversationId: string) =>
  queryOptions({
    queryKey: keys.scheduled(conversationId),
    queryFn: async ({ signal }) =>
      (await get<ListPage<MessageView>>('/messages/scheduled', { conversationId, limit: PAGE }, signal)).data,
    staleTime: Number.POSITIVE_INFINITY,
  })

/** The customer's last message among those that are loaded. */
export function lastInbound(queries: QueryClient, conversationId: string): MessageView | undefined {
  const list = queries.getQueryData<InfiniteData<ListPage<MessageView>>>(keys.messages(conversationId))
  return inOrder(list).findLast(({ direction, externalMessageId }) => direction === 'INBOUND' && externalMessageId !== null)
}

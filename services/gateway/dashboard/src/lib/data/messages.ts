import { infiniteQueryOptions } from '@tanstack/react-query'
import type { MessageView } from '#shared/contracts/views.ts'
import { get } from '../api/client.ts'
import type { ListPage } from '../api/types.ts'
import { withEventsSince } from '../realtime/catch-up.ts'
import { keys } from './keys.ts'

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

import { type InfiniteData, useQueryClient } from '@tanstack/react-query'
import { type RefObject, useEffect } from 'react'
import type { MessageView } from '#shared/contracts/views.ts'
import type { ListPage } from '../../../lib/api/types.ts'
import { isLong } from '../../../lib/data/message-list.ts'
import { loadNewestOnly } from '../../../lib/data/messages.ts'

/**
 * Lets go older messages of an open conversation to which many have come, while its end is in sight: a page that stays open all day
 * neither grows nor becomes slow.
 */
export function useNewestOnly(
  conversationId: string,
  data: InfiniteData<ListPage<MessageView>> | undefined,
  isAtEnd: RefObject<boolean>,
): void {
  const queries = useQueryClient()
  useEffect(() => {
    if (isAtEnd.current && isLong(data)) loadNewestOnly(queries, conversationId)
  }, [queries, conversationId, data, isAtEnd])
}

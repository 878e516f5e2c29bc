import { queryOptions } from '@tanstack/react-query'
import type { NoteView } from '#shared/contracts/views.ts'
import { get } from '../api/client.ts'
import type { ListPage } from '../api/types.ts'
import { keys } from './keys.ts'

const PAGE = 100

/** The newest notes of a conversation, newest first. An event tells of each new one. */
export const notesQuery = (conversationId: string) =>
  queryOptions({
    queryKey: keys.notes(conversationId),
    queryFn: async ({ signal }) =>
      (await get<ListPage<NoteView>>(`/conversations/${conversationId}/notes`, { limit: PAGE }, signal)).data,
    staleTime: Number.POSITIVE_INFINITY,
  })

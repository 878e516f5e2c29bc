import type { InfiniteData } from '@tanstack/react-query'
import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import type { MessageView, NoteView } from '#shared/contracts/views.ts'
import type { ListPage } from '../../../lib/api/types.ts'
import { inOrder } from '../../../lib/data/message-list.ts'
import { scheduledQuery } from '../../../lib/data/messages.ts'
import { notesQuery } from '../../../lib/data/notes.ts'
import { type OutboxEntry, outboxOf, useOutbox } from '../../../lib/outbox/outbox.ts'
import { foldReactions, itemsOf, withScheduled } from './items.ts'
import { partsOf, type Row, rowsOf } from './rows.tsx'

const NO_NOTES: NoteView[] = []
const NO_MESSAGES: MessageView[] = []

interface ThreadRows {
  /** Messages that are loaded, oldest first. */
  loaded: MessageView[]
  /** Messages that are shown: with what waits for its time, without our reactions. */
  messages: MessageView[]
  /** All rows, in the parts that change together. */
  parts: Row[][]
  /** What this browser has not handed over yet. */
  waiting: OutboxEntry[]
}

/** Rows of a conversation, worked out anew only when what they are made of changes: there may be thousands. */
export function useRows(
  conversationId: string,
  data: InfiniteData<ListPage<MessageView>> | undefined,
  isWhole: boolean,
): ThreadRows {
  const { data: notes = NO_NOTES } = useQuery(notesQuery(conversationId))
  const { data: scheduled = NO_MESSAGES } = useQuery(scheduledQuery(conversationId))
  const entries = useOutbox(state => state.entries)
  const loaded = useMemo(() => inOrder(data), [data])
  const folded = useMemo(
    () => foldReactions(withScheduled(loaded, scheduled), outboxOf(entries, conversationId)),
    [loaded, scheduled, entries, conversationId],
  )
  const parts = useMemo(
    () => partsOf(rowsOf(itemsOf(folded.messages, notes, isWhole)), beginsOf(data)),
    [folded.messages, notes, isWhole, data],
  )
  return { loaded, messages: folded.messages, parts, waiting: folded.entries }
}

/** Oldest messages of the loaded pages. */
const beginsOf = (data: InfiniteData<ListPage<MessageView>> | undefined) =>
  new Set(data?.pages.flatMap(page => page.data.at(-1)?.id ?? []))

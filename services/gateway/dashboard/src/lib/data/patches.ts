import type { InfiniteData, QueryClient } from '@tanstack/react-query'
import type { EventPayload } from '#shared/contracts/event-payloads.ts'
import type { EventName } from '#shared/contracts/realtime-event.ts'
import type { ConversationView, MessageView, NoteView } from '#shared/contracts/views.ts'
import type { ListPage } from '../api/types.ts'
import type { LiveEvent } from '../realtime/event-buffer.ts'
import { useSession } from '../session/session-store.ts'
import { type ConversationFilters, isNewer, patchList, without } from './conversation-list.ts'
import { keys } from './keys.ts'
import { isLong, patchMessages } from './message-list.ts'
import { createRefetch } from './throttle.ts'

type Patches = { [Name in EventName]: (queries: QueryClient, payload: EventPayload<Name>) => void }
type MessagePages = InfiniteData<ListPage<MessageView>>
type ConversationPages = InfiniteData<ListPage<ConversationView>>

/** What each event changes in the cache. An event may come twice, and after what it says is known already. */
const PATCHES: Patches = {
  'message:received': putMessage,
  'message:sent': putMessage,
  'message:status': putMessage,
  'message:scheduled': (queries, payload) => {
    putMessage(queries, payload)
    refetchSoon(queries, keys.scheduled(payload.conversationId))
  },
  'conversation:updated': (queries, { conversationId, updates, conversation }) => {
    if (updates.erased || updates.joinedWith) removeConversation(queries, conversationId)
    if (!updates.erased) putConversation(queries, conversation)
    refetchSoon(queries, keys.conversationCounts)
  },
  'conversation:assigned': queries => refetchSoon(queries, keys.conversationCounts),
  'note:added': (queries, { conversationId }) => refetchSoon(queries, keys.notes(conversationId)),
  'label:changed': queries => refetchSoon(queries, keys.labels),
  'client:status': queries => refetchSoon(queries, keys.numbers),
  'template:status': queries => refetchSoon(queries, keys.templates),
  'campaign:progress': queries => refetchSoon(queries, keys.campaigns),
  'spend:changed': queries => refetchSoon(queries, keys.spend),
  'subscription:status': queries => refetchSoon(queries, keys.subscriptions),
}

/** Applies events to everything that is cached, in their order. */
export function applyEvents(queries: QueryClient, events: readonly LiveEvent[]): void {
  for (const { name, event } of events) {
    if (Object.hasOwn(PATCHES, name))
      (PATCHES[name as EventName] as (queries: QueryClient, payload: unknown) => void)(queries, event)
  }
}

function putMessage(queries: QueryClient, { conversationId, message }: { conversationId: string; message: MessageView }): void {
  const queryKey = keys.messages(conversationId)
  const list = queries.setQueryData<MessagePages>(queryKey, known => known && (patchMessages(known, message) as MessagePages))
  // One that is not open would grow for as long as the page is; the open one lets go by itself.
  if (isLong(list)) queries.removeQueries({ queryKey, type: 'inactive' })
}

/** Shows a message that the server has just accepted. */
export const putSent = (queries: QueryClient, message: MessageView): void =>
  putMessage(queries, { conversationId: message.conversationId, message })

/** Shows a note that the server has just taken. */
export function putNote(queries: QueryClient, note: NoteView): void {
  queries.setQueryData<NoteView[]>(keys.notes(note.conversationId ?? ''), list =>
    list === undefined || list.some(({ id }) => id === note.id) ? list : [note, ...list],
  )
}

/** Shows a conversation as it is now wherever it is shown, and asks for messages that no event told of. */
export function putConversation(queries: QueryClient, conversation: ConversationView): void {
  const { id } = conversation
  queries.setQueryData<ConversationView>(keys.conversation(id), known =>
    known && isNewer(conversation, known) ? conversation : known,
  )
  const userId = useSession.getState().user?.id ?? ''
  patchLists(queries, (list, filters) => patchList(list, conversation, filters, userId) as ConversationPages)
  if (lacksLast(queries, conversation)) refetchSoon(queries, keys.messages(id))
}

function removeConversation(queries: QueryClient, id: string): void {
  patchLists(queries, list => without(list, id) as ConversationPages)
  queries.removeQueries({ queryKey: keys.messages(id) })
  void queries.invalidateQueries({ queryKey: keys.conversation(id) })
}

function patchLists(
  queries: QueryClient,
  patch: (list: ConversationPages, filters: ConversationFilters) => ConversationPages,
): void {
  for (const [key, list] of queries.getQueriesData<ConversationPages>({ queryKey: keys.conversationLists })) {
    if (list === undefined) continue
    const next = patch(list, (key[2] ?? {}) as ConversationFilters)
    if (next !== list) queries.setQueryData(key, next)
  }
}

/** A message that a colleague has just written is told by its conversation only, until it is sent. */
function lacksLast(queries: QueryClient, { id, lastMessage }: ConversationView): boolean {
  const list = queries.getQueryData<MessagePages>(keys.messages(id))
  const newest = list?.pages[0]?.data[0]
  return list !== undefined && lastMessage !== null && (newest === undefined || newest.createdAt < lastMessage.at)
}

/** Asks again for what is shown, once a second at most. */
const refetchSoon = createRefetch(1000)

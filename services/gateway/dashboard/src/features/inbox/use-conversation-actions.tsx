import { useQueryClient } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import type { ConversationView } from '#shared/contracts/views.ts'
import { Problem } from '../../lib/api/problem.ts'
import { nameOf } from '../../lib/data/contact-name.ts'
import {
  type ConversationChange,
  type ConversationEdit,
  changeConversation,
  undone,
} from '../../lib/data/conversation-actions.ts'
import { useFormat } from '../../lib/i18n/format.ts'
import { Text, useText } from '../../lib/i18n/text.tsx'
import { NOTHING_OPEN } from '../../lib/routes.ts'
import { useUser } from '../../lib/session/session-store.ts'
import { showToast } from '../../ui/toasts.tsx'
import { nextOf } from './list/next-conversation.ts'
import { searchOfList } from './search.ts'

type Conversations = readonly ConversationView[]

export interface ConversationActions {
  close(...conversations: Conversations): void
  /** Closes, then opens the one below in the list. */
  closeAndNext(conversation: ConversationView): void
  reopen(...conversations: Conversations): void
  take(conversation: ConversationView): void
  /** Gives them to somebody; null: to nobody. */
  assign(conversations: Conversations, person: { id: string; name: string } | null): void
  /** Out of sight until a time; null: awake again. */
  snooze(conversations: Conversations, until: Date | null): void
  label(conversations: Conversations, labels: { add: readonly string[]; remove: readonly string[] }): void
  markRead(conversations: Conversations): void
}

/** Requests that are on their way at once. */
const AT_ONCE = 4

/** What an agent does with conversations as a whole. Each can be undone for a while. */
export function useConversationActions(): ConversationActions {
  const t = useText()
  const user = useUser()
  const navigate = useNavigate()
  const search = searchOfList(useSearch({ from: '/shell/inbox/{-$conversationId}' }))
  const { shortDateTime } = useFormat()
  const run = useRun()
  const nameFor = (conversations: Conversations): string => {
    const [only, second] = conversations
    if (only === undefined || second !== undefined) return t('inbox.many', { n: conversations.length })
    return nameOf(only).text ?? t('inbox.nameless')
  }
  const close = (...conversations: Conversations) =>
    run(conversations, { status: 'closed' }, <Text id="inbox.action.closed" values={{ name: nameFor(conversations) }} />)
  return {
    close,
    closeAndNext(conversation) {
      const next = nextOf(conversation.id, 1)
      close(conversation)
      void navigate({ to: '/inbox/{-$conversationId}', params: next ? { conversationId: next } : NOTHING_OPEN, search })
    },
    reopen: (...conversations) =>
      run(conversations, { status: 'open' }, <Text id="inbox.action.opened" values={{ name: nameFor(conversations) }} />),
    take: conversation =>
      run(
        [conversation],
        { assignedTo: { id: user.id, name: user.name } },
        <Text id="inbox.action.taken" values={{ name: nameFor([conversation]) }} />,
      ),
    assign(conversations, person) {
      const name = nameFor(conversations)
      const text = person ? (
        <Text id="inbox.action.assigned" values={{ name, person: person.name }} />
      ) : (
        <Text id="inbox.action.unassigned" values={{ name }} />
      )
      run(conversations, { assignedTo: person }, text)
    },
    snooze(conversations, until) {
      const name = nameFor(conversations)
      const text = until ? (
        <Text id="inbox.action.snoozed" values={{ name, at: shortDateTime(until) }} />
      ) : (
        <Text id="inbox.action.woken" values={{ name }} />
      )
      run(conversations, { snoozedUntil: until?.toISOString() ?? null }, text)
    },
    label: (conversations, labels) =>
      run(conversations, { labels }, <Text id="inbox.action.labelled" values={{ name: nameFor(conversations) }} />),
    markRead: conversations =>
      run(
        conversations.filter(({ unreadCount }) => unreadCount > 0),
        { isRead: true },
        <Text id="inbox.action.read" values={{ name: nameFor(conversations) }} />,
      ),
  }
}

/** Makes one edit of several conversations, says so at once, and offers to undo what succeeded. */
function useRun(): (conversations: Conversations, edit: ConversationEdit, text: ReactNode) => void {
  const t = useText()
  const queries = useQueryClient()
  const all = async (changes: readonly ConversationChange[]): Promise<ConversationChange[]> => {
    const back: ConversationChange[] = []
    let failure: unknown = null
    const waiting = [...changes]
    const work = async () => {
      for (let change = waiting.shift(); change !== undefined; change = waiting.shift()) {
        const { conversation: before, edit } = change
        try {
          const conversation = await changeConversation(queries, change)
          const inverse = undone(before, edit)
          if (inverse) back.push({ conversation, edit: inverse })
        } catch (error) {
          failure = error
        }
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, work))
    if (failure !== null) {
      const why = failure instanceof Problem ? failure.detail : ''
      showToast({ kind: 'fail', text: <Text id="inbox.action.failed" values={{ why }} /> })
    }
    return back
  }
  return (conversations, edit, text) => {
    const done = all(conversations.map(conversation => ({ conversation, edit })))
    const canUndo = conversations.some(conversation => undone(conversation, edit) !== null)
    // An undo waits for what it takes back, so that the two do not overtake each other.
    const undo = () => void done.then(back => all(back))
    showToast({ text, ...(canUndo && { action: { label: t('ui.undo'), run: undo } }) })
  }
}

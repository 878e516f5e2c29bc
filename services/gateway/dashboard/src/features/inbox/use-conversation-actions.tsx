import { useNavigate, useSearch } from '@tanstack/react-router'
import type { ConversationView } from '#shared/contracts/views.ts'
import { Problem } from '../../lib/api/problem.ts'
import { nameOf } from '../../lib/data/contact-name.ts'
import { type ConversationChange, useChangeConversation } from '../../lib/data/conversation-actions.ts'
import { Text, useText } from '../../lib/i18n/text.tsx'
import type { TextId } from '../../lib/i18n/text-ids.ts'
import { useUser } from '../../lib/session/session-store.ts'
import { showToast } from '../../ui/toasts.tsx'
import { nextOf } from './list/next-conversation.ts'

export interface ConversationActions {
  close(conversation: ConversationView): void
  /** Closes, then opens the one below in the list. */
  closeAndNext(conversation: ConversationView): void
  reopen(conversation: ConversationView): void
  take(conversation: ConversationView): void
}

/** What an agent does with a conversation as a whole. Each can be undone for a while. */
export function useConversationActions(): ConversationActions {
  const t = useText()
  const user = useUser()
  const navigate = useNavigate()
  const search = useSearch({ from: '/shell/inbox/{-$conversationId}' })
  const change = useChangeConversation(error =>
    showToast({
      kind: 'fail',
      text: <Text id="inbox.action.failed" values={{ why: error instanceof Problem ? error.detail : '' }} />,
    }),
  )
  const withUndo = (done: ConversationChange, undone: Omit<ConversationChange, 'conversation'>, text: TextId) => {
    change.mutate(done)
    const { conversation } = done
    showToast({
      text: <Text id={text} values={{ name: nameOf(conversation).text ?? t('inbox.nameless') }} />,
      action: {
        label: t('ui.undo'),
        run: () => change.mutate({ conversation: { ...conversation, ...(done.status && { status: done.status }) }, ...undone }),
      },
    })
  }
  const close = (conversation: ConversationView) =>
    withUndo({ conversation, status: 'closed' }, { status: 'open' }, 'inbox.action.closed')
  return {
    close,
    closeAndNext(conversation) {
      const next = nextOf(conversation.id, 1)
      close(conversation)
      void navigate({ to: '/inbox/{-$conversationId}', params: next ? { conversationId: next } : {}, search })
    },
    reopen: conversation => withUndo({ conversation, status: 'open' }, { status: 'closed' }, 'inbox.action.opened'),
    take: conversation =>
      withUndo(
        { conversation, assignedTo: { id: user.id, name: user.name } },
        { assignedTo: conversation.assignedTo },
        'inbox.action.taken',
      ),
  }
}

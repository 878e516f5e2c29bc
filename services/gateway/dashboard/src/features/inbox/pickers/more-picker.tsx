import { useNavigate } from '@tanstack/react-router'
import type { ConversationView } from '#shared/contracts/views.ts'
import { useText } from '../../../lib/i18n/text.tsx'
import { useMay } from '../../../lib/session/rights.ts'
import { useUser } from '../../../lib/session/session-store.ts'
import { CheckIcon, Icon, InfoIcon, LabelIcon, PeopleIcon, SnoozeIcon, type TablerIcon, UserIcon } from '../../../ui/icons.tsx'
import { Picker } from '../../../ui/picker.tsx'
import type { InboxSearch } from '../search.ts'
import { useConversationActions } from '../use-conversation-actions.tsx'
import { closePicker, openPicker } from './picking.ts'

/** What can be done with a conversation, where its head has no room for buttons. */
export default function MorePicker({ conversations }: { conversations: readonly ConversationView[] }) {
  const t = useText()
  const entries = useEntries(conversations)
  return (
    <Picker
      title={t('inbox.more')}
      entries={entries.map(({ key, text, icon }) => ({ key, text, icon: <Icon of={icon} /> }))}
      onClose={closePicker}
      onChoose={key => entries.find(entry => entry.key === key)?.run()}
    />
  )
}

interface Entry {
  key: string
  text: string
  icon: TablerIcon
  run(): void
}

function useEntries(conversations: readonly ConversationView[]): Entry[] {
  const t = useText()
  const actions = useConversationActions()
  const navigate = useNavigate({ from: '/inbox/{-$conversationId}' })
  const { id: userId } = useUser()
  const [mayAssign, mayTake] = [useMay('conversations.assign'), useMay('conversations.take')]
  const [conversation] = conversations
  if (conversation === undefined) return []
  const isClosed = conversation.status === 'closed'
  const canTake = mayTake && (mayAssign ? conversation.assignedTo?.id !== userId : conversation.assignedTo === null)
  const showContact = () => void navigate({ search: before => ({ ...before, contact: true }) as InboxSearch })
  return [
    { key: 'contact', text: t('inbox.side.open'), icon: InfoIcon, run: showContact },
    ...(canTake ? [{ key: 'take', text: t('inbox.action.take'), icon: UserIcon, run: () => actions.take(conversation) }] : []),
    ...(mayAssign
      ? [
          {
            key: 'assign',
            text: t('inbox.assign.title'),
            icon: PeopleIcon,
            run: () => openPicker({ kind: 'assign', conversations }),
          },
        ]
      : []),
    { key: 'labels', text: t('inbox.labels.title'), icon: LabelIcon, run: () => openPicker({ kind: 'labels', conversations }) },
    ...(isClosed
      ? [{ key: 'open', text: t('inbox.action.reopen'), icon: CheckIcon, run: () => actions.reopen(conversation) }]
      : [
          {
            key: 'snooze',
            text: t('inbox.snooze.title'),
            icon: SnoozeIcon,
            run: () => openPicker({ kind: 'snooze', conversations }),
          },
          { key: 'close', text: t('inbox.action.close'), icon: CheckIcon, run: () => actions.close(conversation) },
        ]),
  ]
}

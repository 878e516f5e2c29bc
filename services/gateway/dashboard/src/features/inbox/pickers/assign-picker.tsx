import type { ConversationView } from '#shared/contracts/views.ts'
import { type Colleague, useColleagues } from '../../../lib/data/inbox-aids.ts'
import { useText } from '../../../lib/i18n/text.tsx'
import { useUser } from '../../../lib/session/session-store.ts'
import { PersonAvatar } from '../../../ui/avatar.tsx'
import { Icon, UserIcon } from '../../../ui/icons.tsx'
import { Picker } from '../../../ui/picker.tsx'
import { useConversationActions } from '../use-conversation-actions.tsx'
import { closePicker } from './picking.ts'

const NOBODY = 'nobody'

/** Gives conversations to somebody. Oneself comes first, then who is available, then the others; nobody is the last. */
export default function AssignPicker({ conversations }: { conversations: readonly ConversationView[] }) {
  const t = useText()
  const { id: userId } = useUser()
  const people = useColleagues() ?? []
  const { assign } = useConversationActions()
  const ranked = people.toSorted((a, b) => rank(a, userId) - rank(b, userId))
  const entries = [
    ...ranked.map(({ id, name, availability }) => ({
      key: id,
      text: name,
      icon: <PersonAvatar name={name} availability={availability} />,
      hint: id === userId ? t('pick.assign.me') : t(`app.availability.${availability}`),
    })),
    { key: NOBODY, text: t('pick.assign.nobody'), icon: <Icon of={UserIcon} className="mx-1.5" /> },
  ]
  return (
    <Picker
      title={t('inbox.assign.title')}
      entries={entries}
      onClose={closePicker}
      onChoose={key => {
        const person = people.find(({ id }) => id === key)
        assign(conversations, person ? { id: person.id, name: person.name } : null)
      }}
    />
  )
}

const rank = ({ id, availability }: Colleague, userId: string) =>
  id === userId ? 0 : availability === 'available' ? 1 : availability === 'busy' ? 2 : 3

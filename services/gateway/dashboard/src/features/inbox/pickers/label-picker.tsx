import { useState } from 'react'
import type { ConversationView } from '#shared/contracts/views.ts'
import { useLabels } from '../../../lib/data/inbox-aids.ts'
import { useText } from '../../../lib/i18n/text.tsx'
import { Picker } from '../../../ui/picker.tsx'
import { Swatch } from '../../../ui/swatch.tsx'
import { useConversationActions } from '../use-conversation-actions.tsx'
import { closePicker } from './picking.ts'

/** Labels of conversations: a check stands before those that all of them have. What was changed is written when it is closed. */
export default function LabelPicker({ conversations }: { conversations: readonly ConversationView[] }) {
  const t = useText()
  const labels = useLabels()
  const { label } = useConversationActions()
  const [before] = useState(() => commonOf(conversations))
  const [chosen, setChosen] = useState(before)
  const close = () => {
    closePicker()
    const add = chosen.filter(name => !before.includes(name))
    const remove = before.filter(name => !chosen.includes(name))
    if (add.length + remove.length > 0) label(conversations, { add, remove })
  }
  return (
    <Picker
      title={t('inbox.labels.title')}
      entries={(labels ?? []).map(({ name, color }) => ({ key: name, text: name, icon: <Swatch color={color} /> }))}
      chosen={chosen}
      none={labels && t('pick.labels.none')}
      onChoose={name => setChosen(now => (now.includes(name) ? now.filter(other => other !== name) : [...now, name]))}
      onClose={close}
    />
  )
}

/** Labels that all of them have. */
const commonOf = ([first, ...others]: readonly ConversationView[]): string[] =>
  (first?.labels ?? []).filter(name => others.every(({ labels }) => labels.includes(name)))

import type { ConversationView } from '#shared/contracts/views.ts'
import { useLabels } from '../../../lib/data/inbox-aids.ts'
import { useText } from '../../../lib/i18n/text.tsx'
import { Button } from '../../../ui/button.tsx'
import { CloseIcon, Icon, PlusIcon } from '../../../ui/icons.tsx'
import { Swatch } from '../../../ui/swatch.tsx'
import { openPicker } from '../pickers/picking.ts'
import { useConversationActions } from '../use-conversation-actions.tsx'
import { Section } from './section.tsx'

/** Labels of the conversation, and those that its contact has. */
export function Labels({ conversation, contactLabels }: { conversation: ConversationView; contactLabels: readonly string[] }) {
  const t = useText()
  const known = useLabels() ?? []
  const { label } = useConversationActions()
  const colorOf = (name: string) => known.find(one => one.name === name)?.color
  const ofContact = contactLabels.filter(name => !conversation.labels.includes(name))
  return (
    <Section
      title={t('inbox.labels.title')}
      action={
        <Button kind="quiet" small icon={PlusIcon} onClick={() => openPicker({ kind: 'labels', conversations: [conversation] })}>
          {t('side.labels.add')}
        </Button>
      }
    >
      {conversation.labels.length === 0 && ofContact.length === 0 && <p className="text-ink-3">{t('side.labels.noneHere')}</p>}
      <ul className="flex flex-wrap gap-x-3 gap-y-1">
        {conversation.labels.map(name => (
          <li key={name} className="inline-flex max-w-full items-center gap-1.5">
            <Swatch color={colorOf(name)} />
            <bdi className="truncate">{name}</bdi>
            <button
              type="button"
              aria-label={t('side.labels.remove', { label: name })}
              onClick={() => label([conversation], { add: [], remove: [name] })}
              className="grid size-6 place-items-center rounded-1 text-ink-3 hover:bg-hover hover:text-ink"
            >
              <Icon of={CloseIcon} size={14} />
            </button>
          </li>
        ))}
        {ofContact.map(name => (
          <li key={name} title={t('side.labels.ofContact')} className="inline-flex max-w-full items-center gap-1.5 text-ink-2">
            <Swatch color={colorOf(name)} />
            <bdi className="truncate">{name}</bdi>
          </li>
        ))}
      </ul>
    </Section>
  )
}

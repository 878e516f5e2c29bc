import { useQuery } from '@tanstack/react-query'
import { type Colleague, colleaguesQuery } from '../../../../lib/data/inbox-aids.ts'
import { fitting } from '../../../../lib/fitting.ts'
import { useText } from '../../../../lib/i18n/text.tsx'
import { useUser } from '../../../../lib/session/session-store.ts'
import { Icon, UserIcon } from '../../../../ui/icons.tsx'
import type { SuggestionProps } from '../writing.tsx'
import { SuggestionList } from './suggestion-list.tsx'

/** Colleagues whom a note may name. */
export default function MentionList({ query, onChoose, ...rest }: SuggestionProps) {
  const t = useText()
  const { id: self } = useUser()
  const { data: people = [], isPending } = useQuery(colleaguesQuery)
  const others = people.filter(({ id }) => id !== self)
  return (
    <SuggestionList<Colleague>
      {...rest}
      label={t('composer.mention')}
      items={fitting(others, query, ({ name }) => name)}
      keyOf={({ id }) => id}
      show={({ name }) => (
        <>
          <Icon of={UserIcon} className="text-ink-3" />
          <bdi className="truncate">{name}</bdi>
        </>
      )}
      onChoose={({ name }) => onChoose(`@${name} `)}
      none={isPending ? '…' : t('composer.mention.none')}
    />
  )
}

import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { LabelView } from '../../../lib/data/inbox-aids.ts'
import { useFormat } from '../../../lib/i18n/format.ts'
import { Text, useText } from '../../../lib/i18n/text.tsx'
import { Bone, ErrorRow } from '../../../ui/states.tsx'
import { type LabelUses, usesQuery } from './data.ts'

const PLACES = ['conversations', 'contacts', 'views', 'rules'] as const

/** Where a label is used, with a way there. */
export function Uses({ label: { id, name } }: { label: LabelView }) {
  const t = useText()
  const { data, error, refetch } = useQuery(usesQuery(id))
  if (error)
    return (
      <ErrorRow error={error} onRetry={() => void refetch()}>
        {t('labels.uses.failed')}
      </ErrorRow>
    )
  if (!data) return <Bone width="12rem" />
  const { conversations, contacts } = data
  return (
    <div className="grid gap-1 text-ink-2">
      <UseList uses={data} />
      <p className="flex flex-wrap gap-x-4">
        {conversations.count > 0 && (
          <Link
            to="/inbox/{-$conversationId}"
            params={{}}
            search={{ tab: 'all', status: 'any', label: name }}
            className="text-brand underline"
          >
            {t('labels.uses.toConversations')}
          </Link>
        )}
        {contacts.count > 0 && (
          <Link to="/contacts" search={{ label: name }} className="text-brand underline">
            {t('labels.uses.toContacts')}
          </Link>
        )}
      </p>
    </div>
  )
}

/** Counts of each place; of nothing that it is used nowhere. */
export function UseList({ uses }: { uses: LabelUses }) {
  const t = useText()
  const { number } = useFormat()
  const used = PLACES.map(place => [place, countOf(uses, place)] as const).filter(([, { count }]) => count > 0)
  if (used.length === 0) return <p>{t('labels.uses.none')}</p>
  return (
    <ul className="figures">
      {used.map(([place, { count, isExact }]) => (
        <li key={place}>
          <Text id={`labels.uses.${place}`} values={{ n: count, count: isExact ? number(count) : `> ${number(count)}` }} />
        </li>
      ))}
    </ul>
  )
}

const countOf = (uses: LabelUses, place: (typeof PLACES)[number]) => {
  const found = uses[place]
  return typeof found === 'number' ? { count: found, isExact: true } : found
}

import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ConversationView } from '#shared/contracts/views.ts'
import { useMinute } from '../../../lib/clock.ts'
import { nameOfNumber, useNumbers } from '../../../lib/data/numbers.ts'
import { useFormat } from '../../../lib/i18n/format.ts'
import { useText } from '../../../lib/i18n/text.tsx'
import { conversationsOfQuery } from './data.ts'

/** Conversations of the same person with other numbers of ours. */
export function Others({ conversation }: { conversation: ConversationView }) {
  const t = useText()
  const { listTime } = useFormat()
  const now = useMinute()
  const numbers = useNumbers() ?? []
  const { data = [] } = useQuery(conversationsOfQuery(conversation.contact.id))
  const others = data.filter(({ id }) => id !== conversation.id)
  if (others.length === 0) return null
  return (
    <details className="border-t border-line px-4 py-3">
      <summary className="cursor-pointer text-ink-2">{t('side.others', { n: others.length })}</summary>
      <ul className="mt-2 grid gap-1">
        {others.map(({ id, clientId, lastMessage }) => {
          const number = numbers.find(one => one.id === clientId)
          return (
            <li key={id}>
              <Link
                to="/inbox/{-$conversationId}"
                params={{ conversationId: id }}
                className="flex min-h-8 items-center justify-between gap-3 text-brand underline-offset-2 hover:underline"
              >
                <bdi className="truncate">{number ? nameOfNumber(number) : t('inbox.filter.number')}</bdi>
                {lastMessage && <span className="figures text-meta text-ink-3">{listTime(lastMessage.at, new Date(now))}</span>}
              </Link>
            </li>
          )
        })}
      </ul>
    </details>
  )
}

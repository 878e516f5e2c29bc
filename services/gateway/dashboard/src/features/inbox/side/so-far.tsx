import { useQuery } from '@tanstack/react-query'
import type { ConversationView } from '#shared/contracts/views.ts'
import { useFormat } from '../../../lib/i18n/format.ts'
import { useText } from '../../../lib/i18n/text.tsx'
import { costsQuery } from './data.ts'
import { Line, Section } from './section.tsx'
import { useFreshAfter } from './use-fresh-after.ts'

/** How much was said, and what it has cost. What is not known is a dash, never a zero. */
export function SoFar({ conversation }: { conversation: ConversationView }) {
  const t = useText()
  const { number, money, date } = useFormat()
  const { contact, messageCount, createdAt, lastMessage } = conversation
  const query = costsQuery(contact.id)
  const { data, error } = useQuery(query)
  useFreshAfter(query.queryKey, lastMessage?.at)
  const cost =
    data === undefined ? (
      <span title={error ? t('side.soFar.unknown') : undefined}>–</span>
    ) : data.costs.length === 0 ? (
      t('side.soFar.free')
    ) : (
      data.costs.map(({ currency, amount }) => <bdi key={currency}>{money(amount, currency)}</bdi>)
    )
  return (
    <Section title={t('side.soFar')}>
      <dl>
        <Line name={t('side.soFar.messages')}>{number(messageCount)}</Line>
        <Line name={t('side.soFar.cost')}>{cost}</Line>
        <Line name={t('side.soFar.begun')}>{date(createdAt)}</Line>
      </dl>
    </Section>
  )
}

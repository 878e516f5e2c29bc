import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useEffect } from 'react'
import { messagingLimitsQuery } from '../../lib/data/messaging-limits.ts'
import { useText } from '../../lib/i18n/text.tsx'
import { useMay } from '../../lib/session/rights.ts'
import { Button } from '../../ui/button.tsx'
import { NumbersIcon } from '../../ui/icons.tsx'
import { NoRight } from '../../ui/no-right.tsx'
import { Bone, Empty, ErrorRow } from '../../ui/states.tsx'
import { Connect } from './connect.tsx'
import { connectionQuery, numberDetailsQuery } from './data.ts'
import { NumberCard } from './number-card.tsx'
import { StepList } from './step-list.tsx'

/** Which numbers send for us, and what keeps one from it? */
export default function NumbersPage() {
  const t = useText()
  const mayRead = useMay('clients.read')
  const mayConnect = useMay('clients.connect')
  const { connection } = useSearch({ from: '/shell/numbers' })
  const { data: numbers, error, isPending, refetch } = useQuery({ ...numberDetailsQuery, enabled: mayRead })
  const { data: limits } = useQuery({ ...messagingLimitsQuery, enabled: useMay('limits.read') })
  useEffect(() => {
    document.title = `${t('app.nav.numbers')} · Linko`
  })
  if (!mayRead) return <NoRight />
  return (
    <div className="mx-auto grid max-w-[72rem] gap-5 p-5 max-two:p-3">
      <header className="flex flex-wrap items-center justify-between gap-3">
        <h1>{t('app.nav.numbers')}</h1>
        {mayConnect && <Connect />}
      </header>
      {connection && mayConnect && <ConnectionPanel id={connection} />}
      {error && (
        <ErrorRow error={error} onRetry={() => void refetch()}>
          {t('numbers.list.failed')}
        </ErrorRow>
      )}
      {isPending && !error && <Bone width="100%" height="9rem" />}
      {numbers?.length === 0 && <Empty icon={NumbersIcon} title={t('numbers.none')} text={t('numbers.none.text')} />}
      <ul className="grid grid-cols-[repeat(auto-fill,minmax(min(21rem,100%),1fr))] gap-4">
        {numbers?.map(number => (
          <NumberCard key={number.id} number={number} limit={limits?.find(({ numberId }) => numberId === number.id)} />
        ))}
      </ul>
    </div>
  )
}

/** The connection that the dialog has just returned from, step by step, while it goes on. */
function ConnectionPanel({ id }: { id: string }) {
  const t = useText()
  const navigate = useNavigate()
  const { data, error, refetch } = useQuery(connectionQuery(id))
  if (error)
    return (
      <ErrorRow error={error} onRetry={() => void refetch()}>
        {t('numbers.connection.failed')}
      </ErrorRow>
    )
  if (data === undefined) return <Bone width="100%" height="6rem" />
  return (
    <section aria-live="polite" className="grid gap-3 rounded-3 border border-line bg-raised p-4" data-connection={data.state}>
      <header className="flex items-start justify-between gap-3">
        <h2>{t(`numbers.connection.${data.state}`)}</h2>
        <Button small kind="quiet" onClick={() => void navigate({ to: '/numbers', search: {}, replace: true })}>
          {t('ui.close')}
        </Button>
      </header>
      <StepList connection={data} />
    </section>
  )
}

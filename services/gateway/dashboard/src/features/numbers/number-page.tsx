import { useQuery } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { useEffect } from 'react'
import { useText } from '../../lib/i18n/text.tsx'
import { useMay } from '../../lib/session/rights.ts'
import { BackLink } from '../../ui/back-link.tsx'
import { NoRight } from '../../ui/no-right.tsx'
import { Bone, ErrorRow } from '../../ui/states.tsx'
import { nameOfDetails, numberQuery } from './data.ts'
import { Reason, StateTag } from './number-card.tsx'
import { ProfileSection } from './profile/profile-section.tsx'
import { UsernameSection } from './profile/username-section.tsx'

/** One number: how customers see and find it. */
export default function NumberPage() {
  const t = useText()
  const { numberId } = useParams({ from: '/shell/numbers/$numberId' })
  const mayWrite = useMay('clients.write')
  const { data: number, error, refetch } = useQuery({ ...numberQuery(numberId), enabled: mayWrite })
  const name = number ? nameOfDetails(number) : null
  useEffect(() => {
    document.title = `${name ?? t('app.nav.numbers')} · Linko`
  })
  if (!mayWrite) return <NoRight />
  return (
    <div className="mx-auto grid max-w-[72rem] gap-5 p-5 max-two:p-3">
      <header className="flex flex-wrap items-center gap-x-3 gap-y-1">
        <BackLink to="/numbers" label={t('numbers.back')} />
        <h1 className="min-w-0 truncate">
          {name !== null ? <bdi>{name}</bdi> : error ? t('app.nav.numbers') : <Bone width="10rem" />}
        </h1>
        {number && (
          <>
            <StateTag status={number.status} />
            <bdi dir="ltr" className="figures text-ink-2">
              {number.whatsappNumber}
            </bdi>
          </>
        )}
      </header>
      {error && (
        <ErrorRow error={error} onRetry={() => void refetch()}>
          {t('numbers.one.failed')}
        </ErrorRow>
      )}
      {number && <Reason number={number} />}
      {number && <ProfileSection number={number} />}
      {(number?.status === 'active' || number?.status === 'paused') && <UsernameSection key={number.id} numberId={number.id} />}
    </div>
  )
}

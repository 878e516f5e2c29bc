import { useQuery } from '@tanstack/react-query'
import { useSearch } from '@tanstack/react-router'
import { type ReactNode, useEffect } from 'react'
import { useText } from '../../lib/i18n/text.tsx'
import { useMay } from '../../lib/session/rights.ts'
import { NoRight } from '../../ui/no-right.tsx'
import { Bone, ErrorRow } from '../../ui/states.tsx'
import { Ads } from './ads.tsx'
import { Agents } from './agents.tsx'
import { Bill, CostTable } from './costs.tsx'
import { narrowedBy, todayQuery } from './data.ts'
import { Failures } from './failures.tsx'
import { Figures } from './figures.tsx'
import { Head } from './head.tsx'
import { Hours } from './hours.tsx'
import { MessagesByTable } from './messages-by.tsx'
import { Replies } from './replies.tsx'
import { askedDays } from './search.ts'
import { Sent } from './sent.tsx'

/** Are people answered fast, do messages arrive, what does it cost? */
export default function AnalyticsPage() {
  const t = useText()
  const mayRead = useMay('analytics.read')
  useEffect(() => {
    document.title = `${t('app.nav.analytics')} · Linko`
  })
  return mayRead ? <Reports /> : <NoRight />
}

function Reports() {
  const t = useText()
  const search = useSearch({ from: '/shell/analytics' })
  const { data: today, error, refetch } = useQuery(todayQuery)
  const days = askedDays(search, today)
  const narrowed = days === undefined ? null : narrowedBy(search, days)
  return (
    <div className="mx-auto grid max-w-[88rem] grid-cols-[minmax(0,1fr)] content-start gap-8 p-5 max-two:p-3">
      <Head narrowed={narrowed} />
      {narrowed === null &&
        (error ? (
          <ErrorRow error={error} onRetry={() => void refetch()}>
            {t('analytics.failed')}
          </ErrorRow>
        ) : (
          <Bone width="100%" height="20rem" />
        ))}
      {narrowed && (
        <>
          <Figures narrowed={narrowed} />
          <Sent narrowed={narrowed} today={today} />
          <Two>
            <Replies narrowed={narrowed} today={today} />
            <Failures narrowed={narrowed} />
          </Two>
          <Two>
            <Hours narrowed={narrowed} />
            <Bill narrowed={narrowed} />
          </Two>
          <CostTable narrowed={narrowed} />
          <MessagesByTable narrowed={narrowed} />
          <Agents narrowed={narrowed} />
          <Ads narrowed={narrowed} />
        </>
      )}
    </div>
  )
}

/** Side by side where there is room, the first one wider. */
const Two = ({ children }: { children: ReactNode }) => (
  <div className="grid grid-cols-[minmax(0,1fr)] gap-8 @min-[60rem]/main:grid-cols-[minmax(0,5fr)_minmax(0,3fr)]">{children}</div>
)

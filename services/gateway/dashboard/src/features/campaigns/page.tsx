import { useInfiniteQuery } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { useEffect } from 'react'
import { useMinute } from '../../lib/clock.ts'
import { useFormat } from '../../lib/i18n/format.ts'
import { Text, useText } from '../../lib/i18n/text.tsx'
import { useMay } from '../../lib/session/rights.ts'
import { Button, buttonClass } from '../../ui/button.tsx'
import { CampaignsIcon, Icon, PlusIcon } from '../../ui/icons.tsx'
import { NoRight } from '../../ui/no-right.tsx'
import { Empty, ErrorRow, ListBones } from '../../ui/states.tsx'
import { type Campaign, campaignsQuery } from './data.ts'
import { ProgressBar, sentOf } from './progress.tsx'
import { CAMPAIGN_STATES, type CampaignState, readCampaignsSearch } from './search.ts'
import { StateTag, useReason } from './state.tsx'

/** What goes out to many, how far is it, and what holds it up? */
export default function CampaignsPage() {
  const t = useText()
  const [mayRead, mayWrite] = [useMay('campaigns.read'), useMay('campaigns.write')]
  useEffect(() => {
    document.title = `${t('app.nav.campaigns')} · Linko`
  })
  if (!mayRead) return <NoRight />
  return (
    <div className="mx-auto grid max-w-[72rem] gap-4 p-5 max-two:p-3">
      <header className="flex flex-wrap items-center justify-between gap-3">
        <h1>{t('app.nav.campaigns')}</h1>
        <div className="flex flex-wrap items-center gap-3">
          <StateFilter />
          {mayWrite && (
            <Link to="/campaigns/new" className={`${buttonClass({ kind: 'primary' })} no-underline`}>
              <Icon of={PlusIcon} />
              {t('campaigns.new')}
            </Link>
          )}
        </div>
      </header>
      <List />
    </div>
  )
}

function StateFilter() {
  const t = useText()
  const { status } = useSearch({ from: '/shell/campaigns' })
  const navigate = useNavigate({ from: '/campaigns' })
  return (
    <select
      aria-label={t('campaigns.filter')}
      value={status ?? ''}
      onChange={({ target: { value } }) => void navigate({ search: readCampaignsSearch({ status: value }), replace: true })}
      className="min-h-(--control) rounded-2 border border-line-strong bg-raised px-2 text-ui text-ink pointer-coarse:text-[1rem]"
    >
      <option value="">{t('campaigns.filter.all')}</option>
      {CAMPAIGN_STATES.map((state: CampaignState) => (
        <option key={state} value={state}>
          {t(`campaigns.status.${state}`)}
        </option>
      ))}
    </select>
  )
}

function List() {
  const t = useText()
  const { status } = useSearch({ from: '/shell/campaigns' })
  const { data, error, isPending, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery(
    campaignsQuery(status),
  )
  const campaigns = data?.pages.flatMap(page => page.data)
  return (
    <>
      {error && (
        <ErrorRow error={error} onRetry={() => void refetch()}>
          {t('campaigns.list.failed')}
        </ErrorRow>
      )}
      {isPending && !error && <ListBones />}
      {campaigns?.length === 0 &&
        (status ? (
          <Empty icon={CampaignsIcon} title={t('campaigns.noneFound')} />
        ) : (
          <Empty icon={CampaignsIcon} title={t('campaigns.none')} text={t('campaigns.none.text')} />
        ))}
      {campaigns && campaigns.length > 0 && (
        <ul aria-label={t('app.nav.campaigns')} className="border-b border-line">
          {campaigns.map(campaign => (
            <Row key={campaign.id} campaign={campaign} />
          ))}
        </ul>
      )}
      {hasNextPage && (
        <Button busy={isFetchingNextPage} onClick={() => void fetchNextPage()}>
          {t('campaigns.more')}
        </Button>
      )}
    </>
  )
}

function Row({ campaign }: { campaign: Campaign }) {
  const { id, name, status, template, counts, createdAt } = campaign
  const { number, listTime } = useFormat()
  const now = new Date(useMinute())
  const reason = useReason(campaign)
  const isDraft = status === 'DRAFT'
  return (
    <li className="relative grid grid-cols-[minmax(0,1fr)_minmax(10rem,18rem)] items-center gap-x-6 gap-y-1 border-t border-line px-2 py-3 hover:bg-hover max-two:grid-cols-1">
      <div className="min-w-0">
        <p className="flex flex-wrap items-center gap-x-2 gap-y-1">
          <Link
            to="/campaigns/$campaignId"
            params={{ campaignId: id }}
            className="weight-name min-w-0 truncate after:absolute after:inset-0"
          >
            <bdi>{name}</bdi>
          </Link>
          <StateTag status={status} />
        </p>
        <p className="text-meta text-ink-3">
          <bdi dir="ltr" className="font-mono">
            {template.name}
          </bdi>{' '}
          · <bdi dir="ltr">{template.language}</bdi> · {listTime(createdAt, now)}
        </p>
        {reason && status === 'PAUSED' && (
          <p className="text-meta text-time">
            <bdi>{reason}</bdi>
          </p>
        )}
      </div>
      {!isDraft && (
        <div className="grid gap-1">
          <ProgressBar counts={counts} />
          <p className="figures text-meta text-ink-3">
            <Text id="campaigns.sentOf" values={{ sent: number(sentOf(counts)), all: number(counts.recipients) }} />
          </p>
        </div>
      )}
    </li>
  )
}

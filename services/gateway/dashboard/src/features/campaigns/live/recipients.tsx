import { useInfiniteQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useFormat } from '../../../lib/i18n/format.ts'
import { useText } from '../../../lib/i18n/text.tsx'
import { sayDetail, sayFailure } from '../../../lib/server/say.ts'
import { Button } from '../../../ui/button.tsx'
import { Select } from '../../../ui/field.tsx'
import { Bone, ErrorRow } from '../../../ui/states.tsx'
import { Tick, tickOf } from '../../../ui/tick.tsx'
import { type Campaign, type Recipient, recipientsQuery, saveReport } from '../data.ts'
import { useQuick } from '../new/use-quick.ts'
import { RECIPIENT_FILTERS, readCampaignSearch } from '../search.ts'

/** Each recipient with the state of their message and why it failed or was left out. */
export function Recipients({ campaign }: { campaign: Campaign }) {
  const t = useText()
  const { recipients: filter } = useSearch({ from: '/shell/campaigns/$campaignId' })
  const navigate = useNavigate({ from: '/campaigns/$campaignId' })
  const save = useQuick(saveReport)
  const { data, error, isPending, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery(
    recipientsQuery(campaign, filter),
  )
  const rows = data?.pages.flatMap(page => page.data)
  return (
    <section className="grid gap-2">
      <header className="flex flex-wrap items-center justify-between gap-3">
        <h2>{t('campaigns.people')}</h2>
        <div className="flex flex-wrap items-center gap-2">
          <div className="w-44">
            <Select
              aria-label={t('campaigns.people.filter')}
              value={filter ?? ''}
              onChange={({ target: { value } }) =>
                void navigate({ search: readCampaignSearch({ recipients: value }), replace: true, resetScroll: false })
              }
            >
              <option value="">{t('campaigns.people.all')}</option>
              {RECIPIENT_FILTERS.map(state => (
                <option key={state} value={state}>
                  {t(`campaigns.person.${state}`)}
                </option>
              ))}
            </Select>
          </div>
          <Button small busy={save.isPending} onClick={() => save.mutate({ id: campaign.id, which: 'report' })}>
            {t('campaigns.people.save')}
          </Button>
        </div>
      </header>
      {error && (
        <ErrorRow error={error} onRetry={() => void refetch()}>
          {t('campaigns.people.failed')}
        </ErrorRow>
      )}
      {isPending && !error && <Bone width="100%" height="6rem" />}
      {rows?.length === 0 && <p className="text-ink-2">{t('campaigns.people.none')}</p>}
      {rows && rows.length > 0 && (
        <ul className="border-b border-line" aria-label={t('campaigns.people')}>
          {rows.map(row => (
            <Person key={row.row} person={row} />
          ))}
        </ul>
      )}
      {hasNextPage && (
        <Button busy={isFetchingNextPage} onClick={() => void fetchNextPage()}>
          {t('campaigns.people.more')}
        </Button>
      )}
    </section>
  )
}

const stateOf = ({ state }: Recipient) => state.toLowerCase() as Lowercase<Recipient['state']>

function Person({ person }: { person: Recipient }) {
  const t = useText()
  const { seconds } = useFormat()
  const { name, to, error, detail, detailKeys, at } = person
  const why = error ? sayFailure(error).sentence : sayDetail(detail, detailKeys)
  const tick = tickOf(person.state)
  return (
    <li className="grid grid-cols-[minmax(0,16rem)_minmax(0,1fr)_auto] items-center gap-x-4 gap-y-1 border-t border-line py-2 max-two:grid-cols-[minmax(0,1fr)_auto]">
      <div className="min-w-0">
        {name && (
          <p className="truncate">
            <bdi>{name}</bdi>
          </p>
        )}
        <p className={name ? 'text-meta text-ink-3' : undefined}>
          <bdi dir="ltr">{to || '–'}</bdi>
        </p>
      </div>
      <p dir="auto" className="text-ink-2 max-two:order-3 max-two:col-span-2">
        {why}
      </p>
      <p className="figures flex items-center justify-end gap-1.5 whitespace-nowrap">
        {tick && <Tick state={tick} />}
        <span>{t(`campaigns.person.${stateOf(person)}`)}</span>
        {at && <span className="text-ink-3">{seconds(at)}</span>}
      </p>
    </li>
  )
}

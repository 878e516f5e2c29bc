import { useLingui } from '@lingui/react'
import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { useFormat } from '../../../lib/i18n/format.ts'
import { Text, useText } from '../../../lib/i18n/text.tsx'
import { Button } from '../../../ui/button.tsx'
import { CheckIcon, ClockIcon, FailIcon, Icon } from '../../../ui/icons.tsx'
import { Bone, ErrorRow } from '../../../ui/states.tsx'
import { type Campaign, type Estimate, estimateQuery } from '../data.ts'

/** What it will cost, how long it takes, and whom it holds up. Nothing is sent yet. */
export function EstimateStep({ campaign, onBack, onDone }: { campaign: Campaign; onBack(): void; onDone(): void }) {
  const t = useText()
  const { data, error, refetch } = useQuery(estimateQuery(campaign))
  return (
    <div className="grid gap-6">
      {error && (
        <ErrorRow error={error} onRetry={() => void refetch()}>
          {t('campaigns.estimate.failed')}
        </ErrorRow>
      )}
      {!data && !error && <Bone width="100%" height="10rem" />}
      {data && (
        <>
          <Figures estimate={data} rows={campaign.audience.rows} />
          <Limit estimate={data} />
          <Cost estimate={data} />
          <Effects estimate={data} />
        </>
      )}
      <footer className="flex flex-wrap items-center justify-between gap-3 border-t border-line pt-4">
        <p className="text-ink-2">{t('campaigns.nothingSent')}</p>
        <div className="flex gap-2">
          <Button onClick={onBack}>{t('campaigns.back')}</Button>
          <Button kind="primary" disabled={!data} onClick={onDone}>
            {t('campaigns.next.schedule')}
          </Button>
        </div>
      </footer>
    </div>
  )
}

function Figures({ estimate, rows }: { estimate: Estimate; rows: number }) {
  const t = useText()
  const { number, money, duration, time } = useFormat()
  const { recipients, cost, durationSeconds, messagesPerSecond, finishesAt } = estimate
  const figures: [string, ReactNode, ReactNode][] = [
    [
      t('campaigns.estimate.recipients'),
      number(recipients),
      <Text key="rows" id="campaigns.estimate.ofRows" values={{ n: rows, count: number(rows) }} />,
    ],
    [t('campaigns.estimate.cost'), money(cost.amount, cost.currency), t('campaigns.estimate.cost.less')],
    [
      t('campaigns.estimate.takes'),
      duration(durationSeconds * 1000),
      <Text key="rate" id="campaigns.estimate.rate" values={{ rate: number(Math.round(messagesPerSecond * 10) / 10) }} />,
    ],
    [t('campaigns.estimate.doneBy'), time(finishesAt), t('campaigns.estimate.doneBy.if')],
  ]
  return (
    <dl className="grid grid-cols-4 border-y border-line max-three:grid-cols-2 max-two:grid-cols-1">
      {figures.map(([name, value, after]) => (
        <div
          key={name}
          className="grid content-start gap-0.5 border-line py-3 pe-4 not-first:border-s not-first:ps-4 max-three:border-s-0 max-three:ps-0"
        >
          <dt className="text-ink-2">{name}</dt>
          <dd className="figures text-figure">
            <bdi>{value}</bdi>
          </dd>
          <dd className="text-meta text-ink-3">{after}</dd>
        </div>
      ))}
    </dl>
  )
}

/** People whom the portfolio may write to first in 24 hours. */
function Limit({ estimate: { messagingLimit, recipients } }: { estimate: Estimate }) {
  const t = useText()
  const { number } = useFormat()
  if (messagingLimit === null) return null
  const { limit, used, exceeded } = messagingLimit
  const [before, own] = [((used ?? 0) / limit) * 100, (recipients / limit) * 100]
  const left = Math.max(0, limit - (used ?? 0) - recipients)
  return (
    <section className="grid gap-2">
      <h2>{t('campaigns.limit')}</h2>
      <p className="text-meta text-ink-3">{t('campaigns.limit.what')}</p>
      <svg viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true" className="h-3.5 w-full rounded-1 rtl:-scale-x-100">
        <rect width="100" height="4" className="fill-line" />
        <rect width={Math.min(100, before)} height="4" className="fill-(--c1)" />
        <rect
          x={Math.min(100, before)}
          width={Math.max(0, Math.min(100 - before, own))}
          height="4"
          className={exceeded ? 'fill-(--s-failed)' : 'fill-(--c1) opacity-50'}
        />
      </svg>
      <p>
        <Text
          id="campaigns.limit.figures"
          values={{ used: number(used ?? 0), own: number(recipients), left: number(left), limit: number(limit) }}
        />
      </p>
      {exceeded && (
        <p className="flex gap-2 text-fail">
          <Icon of={FailIcon} />
          <span>{t('campaigns.limit.exceeded')}</span>
        </p>
      )}
    </section>
  )
}

function Cost({ estimate: { cost, metaCost } }: { estimate: Estimate }) {
  const t = useText()
  const { number, money } = useFormat()
  const { i18n } = useLingui()
  return (
    <section className="grid gap-2">
      <h2>{t('campaigns.cost')}</h2>
      <div className="overflow-x-auto">
        <table className="w-full border-collapse">
          <thead>
            <tr className="border-b border-line text-start text-ink-3">
              <th className="py-1.5 pe-3 text-start font-normal">{t('campaigns.cost.country')}</th>
              <th className="px-3 text-end font-normal">{t('campaigns.cost.people')}</th>
              <th className="px-3 text-end font-normal">{t('campaigns.cost.each')}</th>
              <th className="ps-3 text-end font-normal">{t('campaigns.cost.total')}</th>
            </tr>
          </thead>
          <tbody>
            {cost.parts.map(({ country, category, count, amount }) => (
              <tr key={`${country} ${category}`} className="figures border-b border-line">
                <th scope="row" className="py-2 pe-3 text-start font-normal">
                  <bdi>{nameOfCountry(country, i18n.locale) ?? t('campaigns.cost.unknown')}</bdi>
                </th>
                <td className="px-3 text-end">{number(count)}</td>
                <td className="px-3 text-end whitespace-nowrap">{money(count ? amount / count : 0, cost.currency)}</td>
                <td className="ps-3 text-end whitespace-nowrap">{money(amount, cost.currency)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p className="text-meta text-ink-3">
        <Text id="campaigns.cost.meta" values={{ amount: money(metaCost.amount, metaCost.currency) }} />
        {metaCost.unknown > 0 && (
          <>
            {' '}
            <Text id="campaigns.cost.meta.unknown" values={{ n: metaCost.unknown, count: number(metaCost.unknown) }} />
          </>
        )}
      </p>
    </section>
  )
}

/** Name of a country in the language of the page; null for one that is not known. */
function nameOfCountry(code: string, locale: string): string | null {
  try {
    const name = new Intl.DisplayNames([locale], { type: 'region' }).of(code) ?? null
    return name === code ? null : name
  } catch {
    return null
  }
}

function Effects({ estimate: { ahead, aheadElsewhere } }: { estimate: Estimate }) {
  const t = useText()
  const { number } = useFormat()
  return (
    <section className="grid gap-2">
      <h2>{t('campaigns.effects')}</h2>
      <ul className="grid gap-1.5">
        <li className="flex gap-2">
          <Icon of={CheckIcon} className="text-ok" />
          <span>{t('campaigns.effects.replies')}</span>
        </li>
        {ahead > 0 && (
          <li className="flex gap-2">
            <Icon of={ClockIcon} className="text-time" />
            <span>
              <Text id="campaigns.effects.same" values={{ n: ahead, count: number(ahead) }} />
            </span>
          </li>
        )}
        {aheadElsewhere > 0 && (
          <li className="flex gap-2">
            <Icon of={ClockIcon} className="text-time" />
            <span>
              <Text id="campaigns.effects.others" values={{ n: aheadElsewhere, count: number(aheadElsewhere) }} />
            </span>
          </li>
        )}
      </ul>
    </section>
  )
}

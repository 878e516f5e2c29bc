import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import clsx from 'clsx'
import type { ReactNode } from 'react'
import { useMinute } from '../../lib/clock.ts'
import { useFormat } from '../../lib/i18n/format.ts'
import { Text, useText } from '../../lib/i18n/text.tsx'
import { NOTHING_OPEN } from '../../lib/routes.ts'
import { Bone, ErrorRow } from '../../ui/states.tsx'
import { useMoney } from './amounts.ts'
import {
  type CostReport,
  costAsked,
  type MessagesReport,
  messagesAsked,
  type Narrowed,
  reportQuery,
  type TimesReport,
  timesAsked,
  unattendedQuery,
} from './data.ts'
import { shareOf } from './drawing.ts'
import { daysBefore } from './search.ts'

/** The seven figures; those to act on first. */
export function Figures({ narrowed }: { narrowed: Narrowed }) {
  return (
    <dl className="grid grid-cols-[repeat(auto-fit,minmax(9.5rem,1fr))] border-y border-line" data-figures>
      <Unattended number={narrowed.number} />
      <FirstReply narrowed={narrowed} />
      <Messages narrowed={narrowed} />
      <Cost narrowed={narrowed} />
    </dl>
  )
}

interface FigureProps {
  name: string
  /** Undefined: on its way. */
  value: ReactNode | undefined
  under?: ReactNode
  isOld?: boolean
}

const Figure = ({ name, value, under, isOld = false }: FigureProps) => (
  <div className={clsx('grid content-start gap-0.5 py-3 pe-4', isOld && 'grayscale')}>
    <dt className="text-meta text-ink-3">{name}</dt>
    <dd className="figures text-figure">{value ?? <Bone width="5rem" height="1.6rem" />}</dd>
    <dd className="min-h-4 text-meta text-ink-3">{under}</dd>
  </div>
)

/** A figure that could not be loaded takes the whole line, so that its reason can be read. */
function Failed({ error, onRetry }: { error: unknown; onRetry(): unknown }) {
  const t = useText()
  return (
    <div className="col-span-full">
      <dt className="sr-only">{t('analytics.failed')}</dt>
      <dd>
        <ErrorRow error={error} onRetry={() => void onRetry()}>
          {t('analytics.failed')}
        </ErrorRow>
      </dd>
    </div>
  )
}

const MOST_COUNTED = 1000

function Unattended({ number: only }: { number: string | undefined }) {
  const t = useText()
  const { number, duration } = useFormat()
  const now = useMinute()
  const { data, error, refetch } = useQuery(unattendedQuery(only))
  if (error && !data) return <Failed error={error} onRetry={refetch} />
  const search = { tab: 'all', unattended: true, sort: 'waiting', ...(only && { number: only }) } as const
  const count = data && (data.count >= MOST_COUNTED ? `${number(MOST_COUNTED)}+` : number(data.count))
  return (
    <Figure
      name={t('analytics.unattended')}
      value={
        data &&
        (data.count > 0 ? (
          <Link
            to="/inbox/{-$conversationId}"
            params={NOTHING_OPEN}
            search={search}
            className="text-brand underline underline-offset-4"
          >
            {count}
          </Link>
        ) : (
          count
        ))
      }
      under={
        data &&
        (data.since === null ? (
          t('analytics.unattended.none')
        ) : (
          <Text
            id="analytics.unattended.oldest"
            values={{ time: duration(Math.max(60_000, Math.floor((now - Date.parse(data.since)) / 60_000) * 60_000)) }}
          />
        ))
      }
    />
  )
}

/** The same report of as many days before; nothing until it is known which days those are. */
function useBefore<Report extends MessagesReport | TimesReport>(
  now: Report | undefined,
  asked: (days: { from: string; to: string }) => Parameters<typeof reportQuery>[0],
): Report | undefined {
  const days = now && daysBefore(now)
  return useQuery({ ...reportQuery<Report>(asked(days ?? { from: '', to: '' })), enabled: days !== undefined }).data
}

function FirstReply({ narrowed }: { narrowed: Narrowed }) {
  const t = useText()
  const { duration } = useFormat()
  const { data, error, refetch, isPlaceholderData } = useQuery(reportQuery<TimesReport>(timesAsked(narrowed, 'day')))
  const before = useBefore<TimesReport>(data, days => timesAsked({ ...narrowed, days }, 'day'))
  if (error && !data) return <Failed error={error} onRetry={refetch} />
  const [now, then] = [data?.totals.first.medianMs ?? null, before?.totals.first.medianMs ?? null]
  return (
    <Figure
      name={t('analytics.firstReply')}
      value={data && (now === null ? <Unknown why={t('analytics.firstReply.none')} /> : duration(now))}
      under={now !== null && then !== null && <Faster now={now} then={then} />}
      isOld={isPlaceholderData}
    />
  )
}

function Faster({ now, then }: { now: number; then: number }) {
  const t = useText()
  const { duration } = useFormat()
  if (Math.abs(now - then) < 1000) return t('analytics.asBefore')
  return (
    <Text
      id={now < then ? 'analytics.faster' : 'analytics.slower'}
      values={{ time: duration(Math.round(Math.abs(now - then) / 1000) * 1000) }}
    />
  )
}

/** Comparison is words: more is not always better. */
function More({ now, then }: { now: number; then: number }) {
  const t = useText()
  const { percent } = useFormat()
  if (now === then) return t('analytics.asBefore')
  return <Text id={now > then ? 'analytics.more' : 'analytics.fewer'} values={{ share: percent(Math.abs(now - then) / then) }} />
}

function Messages({ narrowed }: { narrowed: Narrowed }) {
  const t = useText()
  const { number, percent } = useFormat()
  const { data, error, refetch, isPlaceholderData } = useQuery(reportQuery<MessagesReport>(messagesAsked(narrowed, 'day')))
  const before = useBefore<MessagesReport>(data, days => messagesAsked({ ...narrowed, days }, 'day'))
  if (error && !data) return <Failed error={error} onRetry={refetch} />
  const totals = data?.totals
  const was = before?.totals.sent ?? 0
  const share = (part: number, whole: number) => {
    const known = shareOf(part, whole)
    return known === null ? <Unknown why={t('analytics.nothingSent')} /> : percent(known)
  }
  return (
    <>
      <Figure
        name={t('analytics.sent')}
        value={totals && number(totals.sent)}
        under={totals && was > 0 && <More now={totals.sent} then={was} />}
        isOld={isPlaceholderData}
      />
      <Figure
        name={t('analytics.delivered')}
        value={totals && share(totals.delivered, totals.sent)}
        under={totals && number(totals.delivered)}
        isOld={isPlaceholderData}
      />
      <Figure
        name={t('analytics.read')}
        value={totals && share(totals.read, totals.sent)}
        under={totals && number(totals.read)}
        isOld={isPlaceholderData}
      />
      <Figure
        name={t('analytics.failed.figure')}
        value={totals && share(totals.failed, totals.sent + totals.failed)}
        under={totals && <Text id="analytics.messages" values={{ n: totals.failed, count: number(totals.failed) }} />}
        isOld={isPlaceholderData}
      />
    </>
  )
}

function Cost({ narrowed }: { narrowed: Narrowed }) {
  const t = useText()
  const { amounts, each } = useMoney()
  const { data, error, refetch, isPlaceholderData } = useQuery(reportQuery<CostReport>(costAsked(narrowed, 'day')))
  if (error && !data) return <Failed error={error} onRetry={refetch} />
  const totals = data?.totals
  return (
    <Figure
      name={t('analytics.cost')}
      value={totals && (amounts(totals.cost) ?? <Unknown why={t('analytics.cost.none')} />)}
      under={
        totals && amounts(totals.cost) && <Text id="analytics.each" values={{ price: each(totals.cost, totals.messages) }} />
      }
      isOld={isPlaceholderData}
    />
  )
}

/** What is not known, with the reason. */
const Unknown = ({ why }: { why: string }) => (
  <span title={why}>
    <span aria-hidden="true">–</span>
    <span className="sr-only">{why}</span>
  </span>
)

import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import clsx from 'clsx'
import { type ReactNode, useState } from 'react'
import { useMinute, useSecond } from '../../lib/clock.ts'
import { nameOfNumber, useNumbers } from '../../lib/data/numbers.ts'
import { useFormat } from '../../lib/i18n/format.ts'
import { Text, useText } from '../../lib/i18n/text.tsx'
import type { TextId } from '../../lib/i18n/text-ids.ts'
import { useMay } from '../../lib/session/rights.ts'
import { IconButton } from '../../ui/button.tsx'
import { CheckIcon, FailIcon, PauseIcon, PlayIcon } from '../../ui/icons.tsx'
import { Bone, ErrorRow } from '../../ui/states.tsx'
import { Cell, Table } from '../../ui/table.tsx'
import { Tag } from '../../ui/tag.tsx'
import { backlogQuery, groupsQuery, type NumberBacklog, type Overview as OverviewData, overviewQuery } from './data.ts'
import { Faults } from './faults.tsx'

/** Values are grey from this age on: the server has not answered for several periods. */
const OLD_MS = 5000

/** The two roads, what waits and why, what failed, and whether everything runs. Asked again every second. */
export function Overview() {
  const t = useText()
  const [isPaused, setPaused] = useState(false)
  const { data, error, refetch, dataUpdatedAt } = useQuery(overviewQuery(isPaused))
  const { seconds } = useFormat()
  const now = useSecond()
  const isOld = data !== undefined && now - dataUpdatedAt > OLD_MS
  return (
    <>
      <Faults overview={data} />
      {error && (
        <ErrorRow error={error} onRetry={() => void refetch()}>
          {t('operations.overview.failed')}
        </ErrorRow>
      )}
      {!data && !error && <Bone width="100%" height="12rem" />}
      {data && (
        <>
          <p className="flex items-center gap-2 text-meta text-ink-3">
            <span data-as-of className={clsx(isOld && 'text-time')}>
              <Text id="operations.asOf" values={{ at: seconds(new Date(dataUpdatedAt)) }} />
            </span>
            <IconButton
              small
              icon={isPaused ? PlayIcon : PauseIcon}
              label={t(isPaused ? 'operations.goOn' : 'operations.pause')}
              onClick={() => setPaused(!isPaused)}
            />
          </p>
          <div className={clsx('grid gap-6', isOld && 'grayscale')}>
            <Roads overview={data} />
            <Waiting isPaused={isPaused} />
            <OpenLetters />
            <Services overview={data} />
            <Queues queues={data.queues} />
          </div>
        </>
      )}
    </>
  )
}

const Section = ({ title, children }: { title: string; children: ReactNode }) => (
  <section className="grid min-w-0 gap-2">
    <h2>{title}</h2>
    {children}
  </section>
)

function Roads({ overview: { roads, meta } }: { overview: OverviewData }) {
  const t = useText()
  const { number, duration, listTime } = useFormat()
  const now = new Date(useMinute())
  const last = (at: string | null | undefined) => (at ? listTime(at, now) : '–')
  const count = (value: number | undefined) => (value === undefined ? '–' : number(value))
  const time = (ms: number | null | undefined) => (ms == null ? '–' : duration(ms))
  const figures: [string, string][] = [
    [t('operations.in.rate'), count(roads?.in.perMinute)],
    [t('operations.in.late'), time(roads?.in.lateMs)],
    [t('operations.in.last'), last(roads?.in.lastAt)],
    [t('operations.out.rate'), count(roads?.out.perMinute)],
    [t('operations.out.last'), last(roads?.out.lastAt)],
    [t('operations.out.meta'), time(meta?.p95Ms)],
  ]
  return (
    <dl className="grid grid-cols-[repeat(auto-fit,minmax(9rem,1fr))] border-y border-line" data-roads>
      {figures.map(([name, value]) => (
        <div key={name} className="grid gap-0.5 py-3 pe-4">
          <dt className="text-meta text-ink-3">{name}</dt>
          <dd className="figures text-figure">{value}</dd>
        </div>
      ))}
    </dl>
  )
}

/** Reasons for waiting that have a word; another one is shown as the API names it. */
const REASONS: Record<string, TextId> = {
  rate: 'operations.reason.rate',
  pair: 'operations.reason.pair',
  quota: 'operations.reason.quota',
  media: 'operations.reason.media',
  restricted: 'operations.reason.restricted',
  predecessor: 'operations.reason.predecessor',
  paused: 'operations.reason.paused',
  scheduled: 'operations.reason.scheduled',
  retry: 'operations.reason.retry',
  unknown: 'operations.reason.unknown',
}

function Waiting({ isPaused }: { isPaused: boolean }) {
  const t = useText()
  const mayRead = useMay('limits.read')
  const { data, error, refetch } = useQuery({ ...backlogQuery(isPaused), enabled: mayRead })
  if (!mayRead) return null
  const waiting = data?.filter(({ classes }) => classes.some(one => one.waiting > 0))
  return (
    <Section title={t('operations.waiting')}>
      {error && (
        <ErrorRow error={error} onRetry={() => void refetch()}>
          {t('operations.waiting.failed')}
        </ErrorRow>
      )}
      {waiting?.length === 0 && <p className="text-ink-2">{t('operations.waiting.none')}</p>}
      {waiting && waiting.length > 0 && (
        <Table
          heads={[
            t('operations.number'),
            t('operations.waiting.count'),
            t('operations.waiting.why'),
            t('operations.oldest'),
            t('operations.goneIn'),
          ]}
        >
          {waiting.flatMap(number =>
            number.classes
              .filter(one => one.waiting > 0)
              .map(one => <WaitingRow key={`${number.clientId} ${one.class}`} number={number} of={one} />),
          )}
        </Table>
      )}
    </Section>
  )
}

function WaitingRow({ number: own, of }: { number: NumberBacklog; of: NumberBacklog['classes'][number] }) {
  const t = useText()
  const { number, duration } = useFormat()
  const named = useNumbers()?.find(({ id }) => id === own.clientId)
  return (
    <tr className="border-b border-line align-top">
      <Cell isHead>
        <bdi>{named ? nameOfNumber(named) : own.whatsappNumber}</bdi> · {t(`operations.class.${of.class}`)}
      </Cell>
      <Cell isFigure>{`${of.isExact ? '' : '≈ '}${number(of.waiting)}`}</Cell>
      <Cell>
        <ul>
          {Object.entries(of.reasons).map(([reason, count]) => (
            <li key={reason}>
              <span className="figures">{number(count)}</span> {REASONS[reason] ? t(REASONS[reason]) : reason}
            </li>
          ))}
        </ul>
        {own.status !== 'active' && (
          <Link to="/numbers" className="text-time">
            {t('operations.waiting.number')}
          </Link>
        )}
      </Cell>
      <Cell isFigure>{of.oldestSeconds > 0 ? duration(of.oldestSeconds * 1000) : '–'}</Cell>
      <Cell isFigure>{of.secondsLeft === null ? '–' : duration(Math.max(1, of.secondsLeft) * 1000)}</Cell>
    </tr>
  )
}

function OpenLetters() {
  const t = useText()
  const { number } = useFormat()
  const mayRead = useMay('deadLetters.read')
  const { data = [] } = useQuery({ ...groupsQuery, enabled: mayRead })
  const open = data.reduce((sum, { count }) => sum + count, 0)
  if (open === 0) return null
  return (
    <Section title={t('operations.view.letters')}>
      <p className="flex flex-wrap items-center gap-3">
        <Tag kind="fail">
          <Text id="operations.letters.open" values={{ n: open, count: number(open) }} />
        </Tag>
        <Link to="/operations" search={{ view: 'letters' }}>
          {t('operations.look')}
        </Link>
      </p>
    </Section>
  )
}

function Services({ overview: { servers, services } }: { overview: OverviewData }) {
  const t = useText()
  const { dateTime } = useFormat()
  return (
    <Section title={t('operations.services')}>
      <ul className="flex flex-wrap gap-2" data-servers>
        {(['mongodb', 'rabbitmq', 'redis'] as const).map(server => (
          <li key={server}>
            <State isWell={servers[server]} name={t(`operations.server.${server}`)} />
          </li>
        ))}
      </ul>
      {!servers.mongodb && <p className="text-ink-2">{t('operations.services.unknown')}</p>}
      <Table heads={[t('operations.service'), t('operations.state'), t('operations.version'), t('operations.since')]}>
        {services.map(({ service, isAlive, isReady, version, startedAt, parts }) => (
          <tr key={`${service} ${startedAt}`} className="border-b border-line">
            <Cell isHead>{service}</Cell>
            <Cell>
              <State
                isWell={isAlive && isReady}
                name={t(isAlive ? (isReady ? 'operations.ready' : 'operations.notReady') : 'operations.silent')}
              />{' '}
              <span className="text-meta text-ink-3">
                {Object.entries(parts)
                  .filter(([, isFine]) => !isFine)
                  .map(([part]) => part)
                  .join(', ')}
              </span>
            </Cell>
            <Cell>
              <bdi dir="ltr">{version}</bdi>
            </Cell>
            <Cell isFigure>{dateTime(startedAt)}</Cell>
          </tr>
        ))}
      </Table>
    </Section>
  )
}

/** Well or not: a word and a sign, never colour alone. */
const State = ({ isWell, name }: { isWell: boolean; name: string }) => (
  <Tag kind={isWell ? 'ok' : 'fail'} icon={isWell ? CheckIcon : FailIcon}>
    {name}
  </Tag>
)

function Queues({ queues }: { queues: OverviewData['queues'] }) {
  const t = useText()
  const { number } = useFormat()
  const shown = (value: number | null) => (value === null ? '–' : number(value))
  return (
    <Section title={t('operations.queues')}>
      <Table heads={[t('operations.queue'), t('operations.messages'), t('operations.consumers')]}>
        {queues.map(({ name, messages, consumers }) => (
          <tr key={name} className="border-b border-line">
            <Cell isHead>
              <bdi dir="ltr" className="font-mono">
                {name}
              </bdi>
            </Cell>
            <Cell isFigure>{shown(messages)}</Cell>
            <Cell isFigure>{shown(consumers)}</Cell>
          </tr>
        ))}
      </Table>
    </Section>
  )
}

import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useMinute } from '../lib/clock.ts'
import type { MessagingLimit } from '../lib/data/messaging-limits.ts'
import { type NumberView, nameOfNumber, useNumbers } from '../lib/data/numbers.ts'
import { type Spend, spendQuery } from '../lib/data/spend.ts'
import { type SystemState, useSystemState } from '../lib/data/system-state.ts'
import { type Troubles, useTroubles } from '../lib/data/troubles.ts'
import { type Formats, useFormat } from '../lib/i18n/format.ts'
import { Text, useText } from '../lib/i18n/text.tsx'
import { sayReason } from '../lib/server/say.ts'
import { useMay, useRights } from '../lib/session/rights.ts'
import { ClockIcon, FailIcon, PauseIcon, type TablerIcon } from '../ui/icons.tsx'

export interface Notice {
  /** Changes with the state: what was hidden comes back when something else happens. */
  key: string
  kind: 'fail' | 'time'
  icon: TablerIcon
  content: ReactNode
  /** Where the cause stands and what to do. */
  link: ReactNode
}

const DAY_MS = 86_400_000
/** Days before its end from which a token is worth a line. */
const WARNED_DAYS = 7
/** Meta's code for an access token that it does not accept. */
const TOKEN_REFUSED = 190

/** What concerns the whole account, the worst first. */
export function useNotices(): Notice[] {
  const numbers = useNumbers() ?? []
  const now = useMinute()
  const mayConnect = useMay('clients.connect')
  const mayReadSpend = useMay('limits.read')
  const { data: spend } = useQuery({ ...spendQuery, enabled: mayReadSpend })
  const { money } = useFormat()
  const system = useSystemState()
  const may = useRights()
  const troubles = useTroubles()
  const held = numbers.filter(({ status }) => status !== 'active').map(heldNotice)
  const deaf = numbers.filter(({ status, webhookElsewhere }) => status === 'active' && webhookElsewhere).map(deafNotice)
  const spending = spend ? spendNotice(spend, money, may('limits.write')) : []
  const ending = mayConnect ? numbers.flatMap(number => endingNotice(number, now)) : []
  return [
    ...(system ? awayNotices(system, may('operations.overview')) : []),
    ...held,
    ...deaf,
    ...spending,
    ...(troubles.fullLimit ? [limitNotice(troubles.fullLimit, numbers, now)] : []),
    ...(troubles.slowMetaSince === null ? [] : [slowNotice(troubles.slowMetaSince)]),
    ...troubleNotices(troubles),
    ...ending,
  ]
}

/** The way from a notice to the page that says why, and what to do. */
function Way({
  to,
  search = {},
}: {
  to: '/numbers' | '/operations' | '/settings' | '/templates' | '/analytics'
  search?: object
}) {
  const t = useText()
  return (
    <Link to={to} search={search as never} className="whitespace-nowrap underline">
      {t('app.banner.go')}
    </Link>
  )
}

/** A template that is not sent, events that do not arrive, and what could not be processed. */
function troubleNotices({ pausedTemplate, failing, openLetters }: Troubles): Notice[] {
  return [
    ...(failing
      ? [
          {
            ...({
              key: `subscription ${failing.id} ${failing.status} ${failing.failingSince}`,
              kind: 'fail',
              icon: FailIcon,
            } as const),
            content: <Text id="app.banner.subscription" values={{ name: failing.name || failing.url }} />,
            link: <Way to="/settings" search={{ section: 'events', open: failing.id }} />,
          },
        ]
      : []),
    ...(pausedTemplate
      ? [
          {
            ...({ key: `template ${pausedTemplate.id}`, kind: 'time', icon: PauseIcon } as const),
            content: <Text id="app.banner.template" values={{ name: pausedTemplate.name }} />,
            link: <Way to="/templates" search={{ open: pausedTemplate.id }} />,
          },
        ]
      : []),
    ...(openLetters > 0
      ? [
          {
            ...({ key: `letters ${openLetters}`, kind: 'time', icon: FailIcon } as const),
            content: <Text id="app.banner.letters" values={{ n: openLetters }} />,
            link: <Way to="/operations" search={{ view: 'letters' }} />,
          },
        ]
      : []),
  ]
}

/** Nothing goes in or out until a server is back; nothing is lost either. Without the database hardly anything can be read. */
const awayNotices = (system: SystemState, mayLook: boolean): Notice[] =>
  (['database', 'queue'] as const)
    .filter(server => system[server] === 'away')
    .map(server => ({
      key: `${server} ${system.since[server]}`,
      kind: 'fail',
      icon: PauseIcon,
      content: <Text id={`app.banner.${server}`} />,
      link: mayLook && <Way to="/operations" />,
    }))

/** Meta answers so late that messages wait for it. */
const slowNotice = (since: number): Notice => ({
  key: `meta ${since}`,
  kind: 'time',
  icon: ClockIcon,
  content: <Text id="app.banner.slowMeta" />,
  link: <Way to="/operations" />,
})

/** What customers write does not come here. */
function deafNotice(number: NumberView): Notice {
  const { id, webhookElsewhere } = number
  return {
    key: `${id} webhook ${webhookElsewhere?.url}`,
    kind: 'fail',
    icon: FailIcon,
    content: <Text id="app.banner.webhook" values={{ name: <bdi key={id}>{nameOfNumber(number)}</bdi> }} />,
    link: <Way to="/numbers" />,
  }
}

/** Nobody more can be written to first for a while. Another day is another notice. */
function limitNotice({ numberId, limit }: MessagingLimit, numbers: readonly NumberView[], now: number): Notice {
  const number = numbers.find(({ id }) => id === numberId)
  const name = <bdi key={numberId}>{number ? nameOfNumber(number) : '–'}</bdi>
  return {
    key: `${numberId} limit ${limit} ${new Date(now).toDateString()}`,
    kind: 'time',
    icon: PauseIcon,
    content: <Text id="app.banner.limit" values={{ name, n: limit }} />,
    link: <Way to="/numbers" />,
  }
}

function heldNotice(number: NumberView): Notice {
  const { id, status, pauseReason, pauseCode } = number
  const why = sayReason(number)
  const name = <bdi key={id}>{nameOfNumber(number)}</bdi>
  return {
    key: `${id} ${status} ${pauseCode} ${pauseReason}`,
    kind: 'fail',
    icon: PauseIcon,
    content: (
      <>
        <b className="weight-name">
          <Text id={status === 'paused' ? 'app.banner.paused' : 'app.banner.disconnected'} values={{ name }} />
        </b>{' '}
        {pauseCode === TOKEN_REFUSED ? (
          <Text id="app.banner.paused.token" />
        ) : (
          why && <Text id="app.banner.paused.why" values={{ why }} />
        )}
      </>
    ),
    link: <Way to="/numbers" />,
  }
}

/** What waits because of the month's spend. Each level comes back though an earlier one was hidden. */
function spendNotice({ month, amount, spent, currency, level }: Spend, money: Formats['money'], mayRaise: boolean): Notice[] {
  if (level === null) return []
  const values = { spent: money(spent, currency), amount: money(amount, currency) }
  const content = <Text id={`app.banner.spend.${level}`} values={values} />
  const link = mayRaise ? <Way to="/settings" search={{ section: 'costs' }} /> : <Way to="/analytics" />
  return [{ key: `spend ${month} ${level}`, kind: level === 'warning' ? 'time' : 'fail', icon: PauseIcon, content, link }]
}

function endingNotice(number: NumberView, now: number): Notice[] {
  const { id, status, tokenExpiry } = number
  if (status !== 'active' || tokenExpiry === null) return []
  const days = Math.floor((Date.parse(tokenExpiry) - now) / DAY_MS)
  if (days < 0 || days > WARNED_DAYS) return []
  const name = <bdi key={id}>{nameOfNumber(number)}</bdi>
  const content = <Text id="app.banner.token" values={{ days, name }} />
  return [{ key: `${id} token ${days}`, kind: 'time', icon: ClockIcon, content, link: <Way to="/numbers" /> }]
}

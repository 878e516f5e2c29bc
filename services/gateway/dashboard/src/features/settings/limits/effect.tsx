import { useQuery } from '@tanstack/react-query'
import clsx from 'clsx'
import { isRateLimited } from '#shared/domain/campaigns/forecast.ts'
import { Problem } from '../../../lib/api/problem.ts'
import { useFormat } from '../../../lib/i18n/format.ts'
import { Text, useText } from '../../../lib/i18n/text.tsx'
import { isSame } from '../../../ui/form/draft.ts'
import { Refused } from '../../../ui/refused.tsx'
import { Bone, ErrorRow } from '../../../ui/states.tsx'
import { Cell, Table } from '../../../ui/table.tsx'
import { useSettled } from '../../../ui/use-settled.ts'
import { type EffectOnNumber, type LimitsInput, type Preview, previewQuery } from './data.ts'

/** What changed limits would do to what waits now, number by number and campaign by campaign. Nothing is saved. */
export function LimitsEffect({ change }: { change: LimitsInput }) {
  const t = useText()
  const asked = useSettled(change)
  const { data, error, refetch, isPlaceholderData } = useQuery(previewQuery(asked))
  if (Object.keys(change).every(name => name === 'expected')) return null
  const isBehind = isPlaceholderData || !isSame(asked, change)
  const isRefused = error instanceof Problem && !error.isPassing
  return (
    <section aria-label={t('limits.effect')} aria-busy={isBehind || (!data && !error)} className="grid gap-3">
      <h2>{t('limits.effect')}</h2>
      {isRefused && <Refused error={error}>{t('limits.effect.refused')}</Refused>}
      {error && !isRefused && (
        <ErrorRow error={error} onRetry={() => void refetch()}>
          {t('limits.effect.failed')}
        </ErrorRow>
      )}
      {!data && !error && <Bone width="100%" height="6rem" />}
      {data && (
        <div className={clsx('grid gap-3', isBehind && 'grayscale')}>
          <Waiting before={data.before} />
          <EffectTable effects={data.effects} />
          <Campaigns effects={data.effects} />
        </div>
      )}
    </section>
  )
}

/** How much the limits hold up at the moment. */
function Waiting({ before }: Pick<Preview, 'before'>) {
  const t = useText()
  const { number } = useFormat()
  const classes = before.flatMap(one => one.classes)
  const counts = classes.flatMap(({ reasons }) => Object.entries(reasons)).filter(([reason]) => isRateLimited(reason))
  const count = counts.reduce((sum, [, more]) => sum + more, 0)
  const shown = `${classes.every(({ isExact }) => isExact) ? '' : '≈ '}${number(count)}`
  return (
    <p role="status" className="text-ink-2">
      {count === 0 ? t('limits.effect.nothing') : <Text id="limits.effect.waiting" values={{ n: count, count: shown }} />}
    </p>
  )
}

/** The numbers for which something changes: those that are named and those that share a limit with them. */
function EffectTable({ effects }: Pick<Preview, 'effects'>) {
  const t = useText()
  const { number } = useFormat()
  const changed = effects.filter(one => one.isNamed || isChanged(one))
  const others = effects.length - changed.length
  return (
    <>
      {changed.length > 0 && (
        <Table heads={[t('limits.effect.number'), t('limits.effect.rate'), t('limits.effect.chat'), t('limits.effect.campaign')]}>
          {changed.map(effect => (
            <EffectRow key={effect.clientId} effect={effect} />
          ))}
        </Table>
      )}
      {others > 0 && (
        <p className="text-meta text-ink-3">
          <Text id="limits.effect.others" values={{ n: others, count: number(others) }} />
        </p>
      )}
    </>
  )
}

const isChanged = ({ messagesPerSecond, secondsLeft: { chat, campaign } }: EffectOnNumber) =>
  [messagesPerSecond, chat, campaign].some(({ before, after }) => before !== after)

function EffectRow({
  effect: { clientId, whatsappNumber, isNamed, shares, messagesPerSecond, secondsLeft },
}: {
  effect: EffectOnNumber
}) {
  const t = useText()
  const { number, list } = useFormat()
  const rate = (value: number) => number(Math.round(value * 10) / 10)
  return (
    <tr className="border-b border-line align-top">
      <Cell isHead>
        <bdi dir="ltr">{whatsappNumber ?? clientId}</bdi>
        {!isNamed && shares.length > 0 && (
          <span className="block text-meta text-ink-3">
            <Text id="limits.effect.shares" values={{ limits: list(shares.map(one => t(`limits.effect.shares.${one}`))) }} />
          </span>
        )}
      </Cell>
      <Cell isFigure>
        <FromTo before={rate(messagesPerSecond.before)} after={rate(messagesPerSecond.after)} />
      </Cell>
      <Cell isFigure>
        <Seconds of={secondsLeft.chat} />
      </Cell>
      <Cell isFigure>
        <Seconds of={secondsLeft.campaign} />
      </Cell>
    </tr>
  )
}

/** Running campaigns that end at another time. */
function Campaigns({ effects }: Pick<Preview, 'effects'>) {
  const { number } = useFormat()
  const changed = effects.flatMap(one => one.campaigns).filter(({ secondsLeft: { before, after } }) => before !== after)
  if (changed.length === 0) return null
  return (
    <ul>
      {changed.map(({ id, name, left, secondsLeft }) => (
        <li key={id}>
          <Text
            id="limits.effect.ofCampaign"
            values={{ name, n: left, count: number(left), time: <Seconds key="time" of={secondsLeft} /> }}
          />
        </li>
      ))}
    </ul>
  )
}

/** When the last waiting message has gone out. */
function Seconds({ of: { before, after } }: { of: EffectOnNumber['secondsLeft']['chat'] }) {
  const t = useText()
  const { duration } = useFormat()
  const show = (seconds: number | null) => {
    if (seconds === null) return t('limits.effect.held')
    return seconds === 0 ? '–' : duration(seconds * 1000)
  }
  return <FromTo before={show(before)} after={show(after)} />
}

const FromTo = ({ before, after }: { before: string; after: string }) =>
  before === after ? <bdi>{after}</bdi> : <Text id="limits.effect.change" values={{ before, after }} />

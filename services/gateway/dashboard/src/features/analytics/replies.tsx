import { useFormat } from '../../lib/i18n/format.ts'
import { useText } from '../../lib/i18n/text.tsx'
import { Cell, Table } from '../../ui/table.tsx'
import { type Narrowed, type TimesReport, timesAsked } from './data.ts'
import { useDays } from './days.ts'
import { aloneIn, axisOf, pathOf, unitOf } from './drawing.ts'
import { Legend, Plot, type Reading } from './plot.tsx'
import { Section } from './section.tsx'

const LINES = [
  { field: 'medianMs', text: 'analytics.median', colour: 'var(--c1)', dashes: undefined },
  // Second lines are dashed.
  { field: 'p90Ms', text: 'analytics.p90', colour: 'var(--c2)', dashes: '5 4' },
] as const
const HEIGHT = 176

/** How long customers waited for the first answer, day by day. */
export function Replies({ narrowed, today }: { narrowed: Narrowed; today: string | undefined }) {
  const t = useText()
  return (
    <Section<TimesReport>
      title={t('analytics.replies.title')}
      sub={t('analytics.replies.sub')}
      asked={timesAsked(narrowed, 'day')}
      isEmpty={({ totals }) => totals.first.count === 0}
      table={report => <TimesTable report={report} />}
      note={narrowed.template && t('analytics.notByTemplate')}
    >
      {report => <TimeLines report={report} today={today} />}
    </Section>
  )
}

function TimeLines({ report: { data }, today }: { report: TimesReport; today: string | undefined }) {
  const t = useText()
  const { number, duration } = useFormat()
  const most = Math.max(...data.map(({ first }) => first.p90Ms ?? 0))
  const { unit, ms } = unitOf(most)
  const axis = axisOf(most / ms, HEIGHT, false)
  const lines = LINES.map(({ field, text, colour, dashes }) => {
    const values = data.map(({ first }) => (first[field] === null ? null : first[field] / ms))
    return { ...{ field, colour, dashes, values }, name: t(text), mark: <Stroke colour={colour} dashes={dashes} /> }
  })
  const readings = (i: number): Reading[] => [
    ...lines.map(({ field, name, mark }) => {
      const value = data[i]?.first[field] ?? null
      return { name, mark, value: value === null ? '–' : duration(value) }
    }),
    { name: t('analytics.answers'), mark: null, value: number(data[i]?.first.count ?? 0) },
  ]
  return (
    <>
      <Plot
        title={t('analytics.replies.title')}
        days={data.map(({ key }) => key as string)}
        axis={axis}
        height={HEIGHT}
        tickText={tick => t(`analytics.unit.${unit}`, { n: number(tick) })}
        readings={readings}
        noteOf={i => (data[i]?.key === today ? t('analytics.soFar') : null)}
      >
        {bands =>
          lines.map(({ field, colour, dashes, values }) => {
            const points = values.map((value, i) => [bands.start(i) + bands.width / 2, value] as const)
            return (
              <g key={field} data-line={field}>
                <path
                  d={pathOf(points, HEIGHT, axis)}
                  style={{ fill: 'none', stroke: colour, strokeWidth: 2, strokeLinejoin: 'round', strokeDasharray: dashes }}
                />
                {aloneIn(values).map(i => (
                  <circle key={i} cx={points[i]?.[0]} cy={HEIGHT - axis.y(values[i] ?? 0)} r="3" style={{ fill: colour }} />
                ))}
              </g>
            )
          })
        }
      </Plot>
      <Legend entries={lines} />
    </>
  )
}

const Stroke = ({ colour, dashes }: { colour: string; dashes: string | undefined }) => (
  <svg aria-hidden="true" width="20" height="12" className="shrink-0">
    <line x2="20" y1="6" y2="6" style={{ stroke: colour, strokeWidth: 2, strokeDasharray: dashes }} />
  </svg>
)

function TimesTable({ report: { data } }: { report: TimesReport }) {
  const t = useText()
  const { number, duration } = useFormat()
  const { long } = useDays()
  const shown = (ms: number | null) => (ms === null ? '–' : duration(ms))
  return (
    <Table heads={[t('analytics.day'), t('analytics.median'), t('analytics.p90'), t('analytics.answers')]}>
      {data.map(({ key, first }) => (
        <tr key={key} className="border-b border-line">
          <Cell isHead>{long(key as string)}</Cell>
          <Cell isFigure>{shown(first.medianMs)}</Cell>
          <Cell isFigure>{shown(first.p90Ms)}</Cell>
          <Cell isFigure>{number(first.count)}</Cell>
        </tr>
      ))}
    </Table>
  )
}

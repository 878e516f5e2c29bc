import { useId } from 'react'
import { useFormat } from '../../lib/i18n/format.ts'
import { useText } from '../../lib/i18n/text.tsx'
import { Cell, Table } from '../../ui/table.tsx'
import { type MessagesReport, messagesAsked, type Narrowed } from './data.ts'
import { useDays } from './days.ts'
import { axisOf, PARTS, type Part, partsOf, stacked } from './drawing.ts'
import { Legend, Plot, type Reading } from './plot.tsx'
import { Section } from './section.tsx'

/** Solid has arrived, hatched is on its way, slanted stripes failed. */
const COLOURS: Record<Part, string> = {
  read: 'var(--s-read)',
  delivered: 'var(--s-delivered)',
  sent: 'var(--s-sent)',
  failed: 'var(--s-failed)',
}
const HEIGHT = 200

/** What we sent, day by day, and how far it came. */
export function Sent({ narrowed, today }: { narrowed: Narrowed; today: string | undefined }) {
  const t = useText()
  return (
    <Section<MessagesReport>
      title={t('analytics.sent.title')}
      sub={t('analytics.sent.sub')}
      asked={messagesAsked(narrowed, 'day')}
      isEmpty={({ totals }) => totals.sent + totals.failed === 0}
      table={report => <DayTable report={report} />}
    >
      {report => <Columns report={report} today={today} />}
    </Section>
  )
}

function Columns({ report: { data }, today }: { report: MessagesReport; today: string | undefined }) {
  const t = useText()
  const { number } = useFormat()
  const id = useId()
  const rows = data.map(partsOf)
  const axis = axisOf(Math.max(...data.map(({ sent, failed }) => sent + failed)), HEIGHT, true)
  const columns = stacked(rows)
  const best = PARTS.map(part => ({ part, name: t(`analytics.part.${part}`), mark: <Swatch part={part} id={id} /> }))
  const readings = (i: number): Reading[] => best.map(({ part, ...entry }) => ({ ...entry, value: number(rows[i]?.[part] ?? 0) }))
  return (
    <>
      <Plot
        title={t('analytics.sent.title')}
        days={data.map(({ key }) => key as string)}
        axis={axis}
        height={HEIGHT}
        tickText={number}
        readings={readings}
        noteOf={i => (data[i]?.key === today ? t('analytics.soFar') : null)}
      >
        {(bands, width) => (
          <>
            <Patterns id={id} />
            {columns.map(({ part, columns: places }) =>
              places.map(([lower, upper], i) => {
                const [low, high] = [axis.y(lower), axis.y(upper)]
                if (high <= low) return null
                // A gap of a pixel parts them, where there is room for one.
                const gap = high - low > 2 && lower > 0 ? 1 : 0
                return (
                  <rect
                    key={data[i]?.key}
                    data-part={part}
                    x={bands.start(i)}
                    width={Math.max(bands.width, 1)}
                    y={HEIGHT - high}
                    height={high - low - gap}
                    style={{ fill: fillOf(part, id) }}
                  />
                )
              }),
            )}
            {data.at(-1)?.key === today && (
              <rect
                x={bands.start(data.length - 1)}
                width={Math.max(1, width - bands.start(data.length - 1))}
                height={HEIGHT}
                style={{ fill: `url(#${id}-running)` }}
              />
            )}
          </>
        )}
      </Plot>
      <Legend entries={best} />
    </>
  )
}

const fillOf = (part: Part, id: string) => (part === 'sent' || part === 'failed' ? `url(#${id}-${part})` : COLOURS[part])

const Patterns = ({ id }: { id: string }) => (
  <defs>
    <pattern id={`${id}-sent`} width="4" height="4" patternUnits="userSpaceOnUse">
      <rect width="4" height="2" style={{ fill: COLOURS.sent }} />
    </pattern>
    <pattern id={`${id}-failed`} width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
      <rect width="6" height="6" style={{ fill: COLOURS.failed, opacity: 0.5 }} />
      <rect width="3" height="6" style={{ fill: COLOURS.failed }} />
    </pattern>
    <pattern id={`${id}-running`} width="8" height="8" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
      <rect width="1" height="8" style={{ fill: 'var(--line-strong)' }} />
    </pattern>
  </defs>
)

const Swatch = ({ part, id }: { part: Part; id: string }) => (
  <svg aria-hidden="true" width="12" height="12" className="shrink-0">
    <rect width="12" height="12" rx="2" style={{ fill: fillOf(part, id) }} />
  </svg>
)

function DayTable({ report: { data } }: { report: MessagesReport }) {
  const t = useText()
  const { number } = useFormat()
  const { long } = useDays()
  return (
    <Table heads={[t('analytics.day'), ...PARTS.map(part => t(`analytics.part.${part}`)), t('analytics.received')]}>
      {data.map(row => (
        <tr key={row.key} className="border-b border-line">
          <Cell isHead>{long(row.key as string)}</Cell>
          {PARTS.map(part => (
            <Cell key={part} isFigure>
              {number(partsOf(row)[part])}
            </Cell>
          ))}
          <Cell isFigure>{number(row.received)}</Cell>
        </tr>
      ))}
    </Table>
  )
}

import { useFormat } from '../../lib/i18n/format.ts'
import { Text, useText } from '../../lib/i18n/text.tsx'
import { type HoursReport, hoursAsked, type Narrowed } from './data.ts'
import { useDays } from './days.ts'
import { Section } from './section.tsx'

const WEEKDAYS = [1, 2, 3, 4, 5, 6, 7]
const HOURS = [...Array(24).keys()]
const clock = (hour: number) => `${String(hour).padStart(2, '0')}:00`

/** When customers write: a table, whose cells are as dark as they are busy. */
export function Hours({ narrowed }: { narrowed: Narrowed }) {
  const t = useText()
  return (
    <Section<HoursReport>
      title={t('analytics.hours.title')}
      sub={t('analytics.hours.sub')}
      asked={hoursAsked(narrowed)}
      isEmpty={({ totals }) => totals.messages === 0}
      note={(narrowed.agent || narrowed.template) && t('analytics.notByAgent')}
    >
      {report => <Heat report={report} />}
    </Section>
  )
}

function Heat({ report: { data } }: { report: HoursReport }) {
  const t = useText()
  const { number } = useFormat()
  const { weekday: nameOf } = useDays()
  const counts = new Map(data.map(({ weekday, hour, messages }) => [weekday * 24 + hour, messages]))
  const busiest = data.reduce((most, cell) => (cell.messages > most.messages ? cell : most))
  return (
    <>
      <table className="w-full table-fixed border-separate border-spacing-px" data-heat>
        <caption className="sr-only">{t('analytics.hours.title')}</caption>
        <thead>
          <tr className="text-meta text-ink-3">
            <td className="w-14" />
            {HOURS.map(hour => (
              <th key={hour} scope="col" className="h-5 overflow-visible p-0 text-start font-normal whitespace-nowrap">
                <span dir="ltr" className={hour % 6 === 0 ? 'figures' : 'sr-only'}>
                  {clock(hour)}
                </span>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {WEEKDAYS.map(weekday => (
            <tr key={weekday}>
              <th scope="row" className="pe-1 text-start whitespace-nowrap text-meta font-normal text-ink-3">
                {nameOf(weekday)}
              </th>
              {HOURS.map(hour => {
                const messages = counts.get(weekday * 24 + hour) ?? 0
                const share = Math.round((messages / busiest.messages) * 100)
                return (
                  <td
                    key={hour}
                    title={`${nameOf(weekday)} ${clock(hour)}: ${number(messages)}`}
                    className="h-5 rounded-[2px] p-0"
                    style={{ background: `color-mix(in oklab, var(--c1) ${share}%, var(--line))` }}
                  >
                    <span className="sr-only">{number(messages)}</span>
                  </td>
                )
              })}
            </tr>
          ))}
        </tbody>
      </table>
      <p className="mt-1 text-meta text-ink-3">
        <Text
          id="analytics.hours.busiest"
          values={{
            weekday: nameOf(busiest.weekday),
            hour: (
              <bdi key="hour" dir="ltr">
                {clock(busiest.hour)}
              </bdi>
            ),
            n: busiest.messages,
            count: number(busiest.messages),
          }}
        />
      </p>
    </>
  )
}

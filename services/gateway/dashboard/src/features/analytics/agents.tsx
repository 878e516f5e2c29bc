import { useFormat } from '../../lib/i18n/format.ts'
import { useText } from '../../lib/i18n/text.tsx'
import { type Narrowed, type TimesReport, timesAsked } from './data.ts'
import { shareOf } from './drawing.ts'
import { MeterTable } from './meter-table.tsx'
import { useRowName } from './names.tsx'
import { Section } from './section.tsx'

/** Who answers how much, and how fast. */
export function Agents({ narrowed }: { narrowed: Narrowed }) {
  const t = useText()
  return (
    <Section<TimesReport>
      title={t('analytics.agents.title')}
      asked={timesAsked(narrowed, 'agent')}
      isEmpty={({ data }) => data.length === 0}
      note={narrowed.template && t('analytics.notByTemplate')}
    >
      {report => <Rows report={report} />}
    </Section>
  )
}

function Rows({ report: { data } }: { report: TimesReport }) {
  const t = useText()
  const { number, duration } = useFormat()
  const nameOf = useRowName()
  const shown = (ms: number | null) => (ms === null ? '–' : duration(ms))
  const most = Math.max(...data.map(({ reply }) => reply.count))
  return (
    <MeterTable
      heads={[
        t('analytics.by.agent'),
        t('analytics.answers'),
        t('analytics.firstReply'),
        t('analytics.reply'),
        t('analytics.resolution'),
      ]}
      rows={data.map(row => ({
        key: row.key ?? '',
        head: nameOf('agent', row),
        figures: [number(row.reply.count), shown(row.first.medianMs), shown(row.reply.medianMs), shown(row.resolution.medianMs)],
        share: shareOf(row.reply.count, most) ?? 0,
      }))}
    />
  )
}

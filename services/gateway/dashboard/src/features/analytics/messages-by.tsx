import { useNavigate, useSearch } from '@tanstack/react-router'
import { useFormat } from '../../lib/i18n/format.ts'
import { useText } from '../../lib/i18n/text.tsx'
import { type Counts, type MessagesReport, type MessagesRow, messagesAsked, type Narrowed } from './data.ts'
import { shareOf } from './drawing.ts'
import { MeterTable } from './meter-table.tsx'
import { useRowName } from './names.tsx'
import { MESSAGES_BY, type MessagesBy, readAnalyticsSearch } from './search.ts'
import { BySelect, Section } from './section.tsx'

/** How far messages came, by what the reader chooses; the sum is the funnel. */
export function MessagesByTable({ narrowed }: { narrowed: Narrowed }) {
  const t = useText()
  const { by = 'number' } = useSearch({ from: '/shell/analytics' })
  const navigate = useNavigate({ from: '/analytics' })
  return (
    <Section<MessagesReport>
      title={t('analytics.funnel.title')}
      asked={messagesAsked(narrowed, by)}
      isEmpty={({ data }) => data.length === 0}
      tools={
        <BySelect<MessagesBy>
          label={t('analytics.by')}
          value={by}
          options={MESSAGES_BY}
          nameOf={one => t(`analytics.by.${one}`)}
          onChange={chosen => void navigate({ search: before => readAnalyticsSearch({ ...before, by: chosen }), replace: true })}
        />
      }
    >
      {report => <Rows report={report} by={by} />}
    </Section>
  )
}

function Rows({ report: { data, totals }, by }: { report: MessagesReport; by: MessagesBy }) {
  const t = useText()
  const { number } = useFormat()
  const nameOf = useRowName()
  const weight = ({ sent, failed, received }: Counts) => sent + failed || received
  const most = Math.max(...data.map(weight))
  const figures = ({ received, sent, delivered, read, failed }: Counts) => [
    number(received),
    number(sent),
    <WithShare key="delivered" part={delivered} whole={sent} />,
    <WithShare key="read" part={read} whole={sent} />,
    <WithShare key="failed" part={failed} whole={sent + failed} />,
  ]
  return (
    <MeterTable
      heads={[
        t(`analytics.by.${by}`),
        t('analytics.received'),
        t('analytics.sent'),
        t('analytics.delivered'),
        t('analytics.read'),
        t('analytics.failed.figure'),
      ]}
      rows={[
        ...data.map((row: MessagesRow) => ({
          key: row.key ?? '',
          head: nameOf(by, row),
          figures: figures(row),
          share: shareOf(weight(row), most) ?? 0,
        })),
        ...(data.length > 1 ? [{ key: 'all', head: <b>{t('analytics.all')}</b>, figures: figures(totals), share: 1 }] : []),
      ]}
    />
  )
}

/** A count with its share beside it. */
function WithShare({ part, whole }: { part: number; whole: number }) {
  const { number, percent } = useFormat()
  const share = shareOf(part, whole)
  return (
    <>
      {number(part)} {share !== null && <span className="text-ink-3">{percent(share)}</span>}
    </>
  )
}

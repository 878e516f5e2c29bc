import { useFormat } from '../../lib/i18n/format.ts'
import { Text, useText } from '../../lib/i18n/text.tsx'
import { say } from '../../lib/server/say.ts'
import type { ImportReport } from './import-data.ts'

const COUNTS = ['created', 'updated', 'unchanged', 'refused'] as const
const MOST_SHOWN = 100

/** What an import would do, or did: counts, and the refused rows with the reason. */
export function ImportResult({ report }: { report: ImportReport }) {
  const t = useText()
  const { number } = useFormat()
  const shown = report.refusedRows.slice(0, MOST_SHOWN)
  return (
    <section className="grid gap-3">
      <h3>{t(report.dryRun ? 'contacts.import.would' : 'contacts.import.did')}</h3>
      <dl className="grid grid-cols-4 gap-2 max-two:grid-cols-2">
        {COUNTS.map(name => (
          <div key={name} className="rounded-2 bg-sunk px-3 py-2">
            <dt className="text-meta text-ink-3">{t(`contacts.import.${name}`)}</dt>
            <dd className={`figures text-head ${name === 'refused' && report.refused > 0 ? 'text-fail' : ''}`}>
              {number(report[name])}
            </dd>
          </div>
        ))}
      </dl>
      {shown.length > 0 && (
        <div className="max-h-60 overflow-auto">
          <table className="w-full text-start">
            <caption className="sr-only">{t('contacts.import.refused')}</caption>
            <thead className="sticky top-0 bg-sunk text-meta text-ink-3">
              <tr>
                <th className="px-2 py-1 text-start">{t('contacts.import.row')}</th>
                <th className="px-2 py-1 text-start">{t('contacts.import.value')}</th>
                <th className="px-2 py-1 text-start">{t('contacts.import.reason')}</th>
              </tr>
            </thead>
            <tbody>
              {shown.map(({ row, value, problem, problemKey }) => (
                <tr key={row} className="border-b border-line align-top">
                  <td className="figures px-2 py-1">{number(row)}</td>
                  <td className="px-2 py-1 break-all">
                    <bdi dir="ltr">{value}</bdi>
                  </td>
                  <td className="px-2 py-1">
                    <bdi>{say(problem, problemKey)}</bdi>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {report.refused > shown.length && (
        <p className="text-meta text-ink-3">
          <Text id="contacts.import.notShown" values={{ count: number(shown.length), total: number(report.refused) }} />
        </p>
      )}
    </section>
  )
}

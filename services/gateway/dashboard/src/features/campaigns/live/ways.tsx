import { useFormat } from '../../../lib/i18n/format.ts'
import { useText } from '../../../lib/i18n/text.tsx'
import type { Counts } from '../data.ts'
import { Meter } from '../progress.tsx'

/** Where the messages are. Each row counts who has come at least so far. */
export function Ways({ counts }: { counts: Counts }) {
  const t = useText()
  const { number, percent } = useFormat()
  const { recipients, pending, queued, skipped, sent, delivered, read, failed, replied } = counts
  const ways = [
    ['waiting', pending + queued, 'fill-(--s-queued)'],
    ['sent', sent + delivered + read, 'fill-(--s-delivered) opacity-60'],
    ['delivered', delivered + read, 'fill-(--s-delivered)'],
    ['read', read, 'fill-(--s-read)'],
    ['replied', replied ?? 0, 'fill-(--s-replied)'],
    ['failed', failed, 'fill-(--s-failed)'],
    ...(skipped > 0 ? ([['skipped', skipped, 'fill-(--s-queued)']] as const) : []),
  ] as const
  return (
    <section className="grid content-start gap-2">
      <h2>{t('campaigns.ways')}</h2>
      <table className="w-full border-collapse">
        <tbody>
          {ways.map(([way, value, className]) => (
            <tr key={way} className="border-b border-line" data-way={way}>
              <th scope="row" className="py-2 pe-3 text-start font-normal">
                {t(`campaigns.way.${way}`)}
              </th>
              <td className="figures weight-name px-2 text-end">{number(value)}</td>
              <td className="figures px-2 text-end text-ink-3">{percent(recipients ? value / recipients : 0)}</td>
              <td className="w-2/5 ps-2">
                <Meter value={value} all={recipients} className={className} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}

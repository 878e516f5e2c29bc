import clsx from 'clsx'
import type { ReactNode } from 'react'
import { useText } from '../../lib/i18n/text.tsx'
import { ScrollingTable } from '../../ui/table.tsx'

export interface MeterRow {
  key: string
  head: ReactNode
  /** Below the head. */
  under?: ReactNode
  figures: ReactNode[]
  /** Length of the bar, of 1. */
  share: number
}

const BARS = {
  plain: 'bg-[var(--c1)]',
  // Slanted stripes failed, everywhere.
  fail: 'bg-[repeating-linear-gradient(135deg,var(--fail)_0_3px,color-mix(in_oklab,var(--fail)_55%,var(--sheet))_3px_6px)]',
}

/** A table with a bar in each row: it is its own table, and runs in the direction of reading. */
export function MeterTable({
  heads,
  rows,
  kind = 'plain',
}: {
  heads: readonly string[]
  rows: readonly MeterRow[]
  kind?: keyof typeof BARS
}) {
  const t = useText()
  return (
    <ScrollingTable heads={heads} className="@container">
      <thead>
        <tr className="border-b border-line text-meta text-ink-3">
          {heads.map((head, i) => (
            <th
              key={head}
              scope="col"
              className={clsx('py-1.5 font-normal', i === 0 ? 'pe-4 text-start' : 'ps-3 text-end whitespace-nowrap')}
            >
              {head}
            </th>
          ))}
          <th scope="col" className="@max-[26rem]:hidden">
            <span className="sr-only">{t('analytics.share')}</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {rows.map(({ key, head, under, figures, share }) => (
          <tr key={key} className="border-b border-line">
            <th scope="row" className="py-2 pe-4 text-start font-normal">
              <div>{head}</div>
              {under && <div className="text-meta text-ink-3">{under}</div>}
            </th>
            {figures.map((figure, i) => (
              <td key={heads[i + 1]} className="figures py-2 ps-3 text-end whitespace-nowrap">
                {figure}
              </td>
            ))}
            <td className="w-1/4 min-w-20 py-2 ps-4 @max-[26rem]:hidden">
              <span aria-hidden="true" className="block h-2 overflow-hidden rounded-1 bg-line">
                <span className={clsx('block h-full', BARS[kind])} style={{ inlineSize: `${Math.round(share * 1000) / 10}%` }} />
              </span>
            </td>
          </tr>
        ))}
      </tbody>
    </ScrollingTable>
  )
}

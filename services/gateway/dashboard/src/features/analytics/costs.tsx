import { useNavigate, useSearch } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useFormat } from '../../lib/i18n/format.ts'
import { Text, useText } from '../../lib/i18n/text.tsx'
import { useMoney } from './amounts.ts'
import { type CostReport, costAsked, type Narrowed } from './data.ts'
import { mainCurrency, shareOf } from './drawing.ts'
import { MeterTable } from './meter-table.tsx'
import { useRowName } from './names.tsx'
import { COST_BY, type CostBy, readAnalyticsSearch } from './search.ts'
import { BySelect, Section } from './section.tsx'

/** What messages cost by the company's own prices, beside Meta's. */
export function CostTable({ narrowed }: { narrowed: Narrowed }) {
  const t = useText()
  const { cost: by = 'template' } = useSearch({ from: '/shell/analytics' })
  const navigate = useNavigate({ from: '/analytics' })
  return (
    <Section<CostReport>
      title={t('analytics.costs.title')}
      asked={costAsked(narrowed, by)}
      isEmpty={({ data }) => data.length === 0}
      tools={
        <BySelect<CostBy>
          label={t('analytics.by')}
          value={by}
          options={COST_BY}
          nameOf={one => t(`analytics.by.${one}`)}
          onChange={cost => void navigate({ search: before => readAnalyticsSearch({ ...before, cost }), replace: true })}
        />
      }
    >
      {report => <Rows report={report} by={by} />}
    </Section>
  )
}

function Rows({ report: { data, totals }, by }: { report: CostReport; by: CostBy }) {
  const t = useText()
  const { number } = useFormat()
  const { amounts } = useMoney()
  const nameOf = useRowName()
  // Bars compare one currency; without own prices they compare what Meta bills.
  const own = mainCurrency(totals.cost)
  const currency = own ?? mainCurrency(totals.metaCost) ?? ''
  const barOf = ({ cost, metaCost }: { cost: Record<string, number>; metaCost: Record<string, number> }) =>
    (own === null ? metaCost : cost)[currency] ?? 0
  const most = Math.max(...data.map(barOf))
  return (
    <MeterTable
      heads={[t(`analytics.by.${by}`), t('analytics.sent'), t('analytics.cost.own'), t('analytics.cost.meta')]}
      rows={data
        .toSorted((a, b) => barOf(b) - barOf(a))
        .map(row => ({
          key: row.key ?? '',
          head: nameOf(by, row),
          figures: [number(row.messages), amounts(row.cost) ?? '–', amounts(row.metaCost) ?? '–'],
          share: shareOf(barOf(row), most) ?? 0,
        }))}
    />
  )
}

/** The company's own prices against what Meta bills, step by step. */
export function Bill({ narrowed }: { narrowed: Narrowed }) {
  const t = useText()
  return (
    <Section<CostReport>
      title={t('analytics.bill.title')}
      sub={t('analytics.bill.sub')}
      asked={costAsked(narrowed, 'day')}
      isEmpty={({ totals }) => totals.messages === 0}
    >
      {report => <BillTable report={report} />}
    </Section>
  )
}

function BillTable({ report: { totals, bill } }: { report: CostReport }) {
  const t = useText()
  const { number } = useFormat()
  const { amounts } = useMoney()
  const free = bill && differenceOf(totals.metaCost, bill.amounts)
  return (
    <>
      <table className="w-full border-collapse" data-bill>
        <caption className="sr-only">{t('analytics.bill.title')}</caption>
        <tbody>
          <Line head={t('analytics.bill.own')} value={amounts(totals.cost)} />
          <Line head={t('analytics.bill.rates')} value={amounts(totals.metaCost)} />
          {bill && (
            <Line
              head={<Text id="analytics.bill.free" values={{ n: bill.freeReplies, count: number(bill.freeReplies) }} />}
              value={free && (amounts(free) === null ? null : `−${amounts(free)}`)}
            />
          )}
          {bill && <Line isSum head={t('analytics.bill.sum')} value={amounts(bill.amounts)} />}
        </tbody>
      </table>
      <ul className="mt-2 grid gap-1 text-meta text-ink-3">
        {bill === null && <li>{t('analytics.bill.part')}</li>}
        <li>
          <Text
            id="analytics.bill.reported"
            values={{ reported: number(totals.reported), n: totals.messages, count: number(totals.messages) }}
          />
        </li>
        {totals.unknownRates > 0 && (
          <li className="text-time">
            <Text id="analytics.bill.unknown" values={{ n: totals.unknownRates, count: number(totals.unknownRates) }} />
          </li>
        )}
      </ul>
    </>
  )
}

const differenceOf = (whole: Record<string, number>, left: Record<string, number>): Record<string, number> =>
  Object.fromEntries(
    Object.entries(whole)
      .map(([currency, amount]) => [currency, amount - (left[currency] ?? 0)] as const)
      .filter(([, amount]) => amount > 1e-9),
  )

function Line({ head, value, isSum = false }: { head: ReactNode; value: string | null; isSum?: boolean }) {
  return (
    <tr className="border-b border-line">
      <th scope="row" className={isSum ? 'weight-name py-2 pe-4 text-start' : 'py-2 pe-4 text-start font-normal'}>
        {head}
      </th>
      <td className={isSum ? 'figures weight-name py-2 text-end' : 'figures py-2 text-end'}>{value ?? '–'}</td>
    </tr>
  )
}

import { useMutation, useQuery } from '@tanstack/react-query'
import clsx from 'clsx'
import { type ReactNode, useId, useState } from 'react'
import { useText } from '../../lib/i18n/text.tsx'
import { IconButton } from '../../ui/button.tsx'
import { DownloadIcon, TableIcon } from '../../ui/icons.tsx'
import { Refused } from '../../ui/refused.tsx'
import { Bone, ErrorRow } from '../../ui/states.tsx'
import { type Asked, type ReportHead, reportQuery, saveReport } from './data.ts'

interface SectionProps<Report extends ReportHead> {
  /** The question that the part answers. */
  title: string
  sub?: ReactNode
  asked: Asked
  isEmpty(report: Report): boolean
  /** What it is divided by. */
  tools?: ReactNode
  /** The same as a table, for what is drawn. */
  table?: (report: Report) => ReactNode
  /** What is said below: which filter does not hold here. */
  note?: ReactNode
  children(report: Report): ReactNode
}

/** One report with its four states, its file, and its table. */
export function Section<Report extends ReportHead>({
  title,
  sub,
  asked,
  isEmpty,
  tools,
  table,
  note,
  children,
}: SectionProps<Report>) {
  const t = useText()
  const id = useId()
  const [isTable, setTable] = useState(false)
  const { data, error, refetch, isPlaceholderData } = useQuery(reportQuery<Report>(asked))
  return (
    <section aria-labelledby={id} className="grid min-w-0 content-start gap-2">
      <header className="flex flex-wrap items-center gap-x-3 gap-y-1">
        <h2 id={id}>{title}</h2>
        {sub && <p className="text-ink-3">{sub}</p>}
        <div className="ms-auto flex items-center gap-1">
          {tools}
          {table && (
            <IconButton
              small
              icon={TableIcon}
              label={t('analytics.asTable', { title })}
              aria-pressed={isTable}
              onClick={() => setTable(!isTable)}
            />
          )}
          <SaveButton title={title} asked={asked} />
        </div>
      </header>
      {error && (
        <ErrorRow error={error} onRetry={() => void refetch()}>
          {t('analytics.failed')}
        </ErrorRow>
      )}
      {!data && !error && <Bone width="100%" height="11rem" />}
      {data && (
        <div className={clsx(isPlaceholderData && 'grayscale')} aria-busy={isPlaceholderData}>
          {isEmpty(data) ? <None /> : isTable && table ? table(data) : children(data)}
        </div>
      )}
      {note && <p className="text-meta text-ink-3">{note}</p>}
    </section>
  )
}

/** Never a fake zero: a frame that says that nothing is in it. */
const None = () => {
  const t = useText()
  return (
    <p className="grid min-h-24 place-content-center rounded-2 border border-dashed border-line-strong p-4 text-center text-ink-2">
      {t('analytics.none')}
    </p>
  )
}

function SaveButton({ title, asked }: { title: string; asked: Asked }) {
  const t = useText()
  const save = useMutation({ mutationFn: saveReport })
  return (
    <>
      <Refused error={save.error}>{t('analytics.csv.failed')}</Refused>
      <IconButton
        small
        icon={DownloadIcon}
        label={t('analytics.csv', { title })}
        aria-busy={save.isPending}
        onClick={() => save.isPending || save.mutate(asked)}
      />
    </>
  )
}

interface BySelectProps<By extends string> {
  label: string
  value: By
  options: readonly By[]
  nameOf(by: By): string
  onChange(by: string): void
}

/** What a table is divided by. */
export function BySelect<By extends string>({ label, value, options, nameOf, onChange }: BySelectProps<By>) {
  return (
    <select
      aria-label={label}
      value={value}
      onChange={event => onChange(event.target.value)}
      className="min-h-6.5 rounded-2 border border-line-strong bg-raised px-1.5 text-ui text-ink pointer-coarse:min-h-9 pointer-coarse:text-[1rem]"
    >
      {options.map(option => (
        <option key={option} value={option}>
          {nameOf(option)}
        </option>
      ))}
    </select>
  )
}

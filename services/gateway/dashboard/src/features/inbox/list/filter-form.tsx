import { useColleagues, useLabels } from '../../../lib/data/inbox-aids.ts'
import { nameOfNumber, useNumbers } from '../../../lib/data/numbers.ts'
import { useText } from '../../../lib/i18n/text.tsx'
import { type InboxSearch, WINDOWS } from '../search.ts'

export type Change = Partial<Record<keyof InboxSearch, unknown>>

/** Every filter of the list; in a chunk of its own, for it is opened now and then. */
export default function FilterForm({ search, onChange }: { search: InboxSearch; onChange(change: Change): void }) {
  const t = useText()
  const numbers = useNumbers() ?? []
  const tab = search.tab ?? 'mine'
  return (
    <div className="grid gap-2 border-t border-line py-2">
      <Select
        label={t('inbox.filter.status')}
        value={search.status ?? 'open'}
        options={(['open', 'snoozed', 'closed', 'any'] as const).map(value => [value, t(`inbox.filter.${value}`)])}
        onChoose={status => onChange({ status: status === 'open' ? undefined : status })}
      />
      {numbers.length > 1 && (
        <Select
          label={t('inbox.filter.number')}
          value={search.number ?? ''}
          options={[['', t('inbox.filter.all')], ...numbers.map(number => [number.id, nameOfNumber(number)] as const)]}
          onChoose={number => onChange({ number: number || undefined })}
        />
      )}
      <LabelSelect label={search.label} onChange={onChange} />
      {tab === 'all' && <AssigneeSelect assignee={search.assignee} onChange={onChange} />}
      <Select
        label={t('inbox.filter.window')}
        value={search.window ?? ''}
        options={[['', t('inbox.filter.all')], ...WINDOWS.map(value => [value, t(`inbox.filter.window.${value}`)] as const)]}
        onChoose={window => onChange({ window: window || undefined })}
      />
      <Select
        label={t('inbox.filter.sort')}
        value={search.sort ?? ''}
        options={[
          ['', t('inbox.filter.newest')],
          ['waiting', t('inbox.filter.waiting')],
        ]}
        onChoose={sort => onChange({ sort: sort || undefined })}
      />
      <div className="flex flex-wrap gap-x-4 gap-y-1">
        <Toggle
          label={t('inbox.filter.unread')}
          checked={search.unread === true}
          onChange={on => onChange({ unread: on || undefined })}
        />
        <Toggle
          label={t('inbox.filter.unattended')}
          checked={search.unattended === true}
          onChange={on => onChange({ unattended: on || undefined })}
        />
      </div>
    </div>
  )
}

type OfForm = { onChange(change: Change): void }

function LabelSelect({ label = '', onChange }: OfForm & { label: string | undefined }) {
  const t = useText()
  const labels = useLabels() ?? []
  // One that was deleted meanwhile is still in force.
  const names = [...new Set([...labels.map(({ name }) => name), ...(label ? [label] : [])])]
  if (names.length === 0) return null
  return (
    <Select
      label={t('inbox.filter.labels')}
      value={label}
      options={[['', t('inbox.filter.all')], ...names.map(name => [name, name] as const)]}
      onChoose={chosen => onChange({ label: chosen || undefined })}
    />
  )
}

function AssigneeSelect({ assignee = '', onChange }: OfForm & { assignee: string | undefined }) {
  const t = useText()
  const colleagues = useColleagues() ?? []
  return (
    <Select
      label={t('inbox.filter.assignee')}
      value={assignee}
      options={[['', t('inbox.filter.all')], ...colleagues.map(({ id, name }) => [id, name] as const)]}
      onChoose={chosen => onChange({ assignee: chosen || undefined })}
    />
  )
}

interface SelectProps {
  label: string
  value: string
  options: (readonly [string, string])[]
  onChoose(value: string): void
}

function Select({ label, value, options, onChoose }: SelectProps) {
  return (
    <label className="flex items-center justify-between gap-3">
      <span className="text-ink-2">{label}</span>
      <select
        value={value}
        onChange={event => onChoose(event.target.value)}
        className="min-h-(--control) max-w-48 rounded-2 border border-line-strong bg-raised px-2 pointer-coarse:text-[1rem]"
      >
        {options.map(([option, text]) => (
          <option key={option} value={option}>
            {text}
          </option>
        ))}
      </select>
    </label>
  )
}

function Toggle({ label, checked, onChange }: { label: string; checked: boolean; onChange(on: boolean): void }) {
  return (
    <label className="inline-flex min-h-6 items-center gap-2">
      <input type="checkbox" checked={checked} onChange={event => onChange(event.target.checked)} className="size-4" />
      {label}
    </label>
  )
}

import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { colleaguesQuery, useColleagues, useLabels } from '../../../lib/data/inbox-aids.ts'
import { nameOfNumber, useNumbers } from '../../../lib/data/numbers.ts'
import { useText } from '../../../lib/i18n/text.tsx'
import { Button, IconButton } from '../../../ui/button.tsx'
import { CloseIcon, FilterIcon, Icon, SelectIcon, ViewsIcon } from '../../../ui/icons.tsx'
import { openPicker } from '../pickers/picking.ts'
import { type InboxSearch, WINDOWS } from '../search.ts'
import { beginSelection } from './selection.ts'

type Change = Partial<Record<keyof InboxSearch, unknown>>

/** Filters in force as chips, and the form that changes them. */
export function Filters({ search }: { search: InboxSearch }) {
  const t = useText()
  const numbers = useNumbers() ?? []
  const { data: colleagues = [] } = useQuery({ ...colleaguesQuery, enabled: search.assignee !== undefined })
  const [isOpen, setOpen] = useState(false)
  const change = useChange()
  const number = numbers.find(({ id }) => id === search.number)
  const chips: { text: string; without: Change }[] = [
    ...(search.status === 'any' ? [] : [{ text: t(`inbox.filter.${search.status ?? 'open'}`), without: { status: 'any' } }]),
    ...(search.unread ? [{ text: t('inbox.filter.unread'), without: { unread: undefined } }] : []),
    ...(search.window ? [{ text: t(`inbox.filter.window.${search.window}`), without: { window: undefined } }] : []),
    ...(search.sort ? [{ text: t('inbox.filter.waiting'), without: { sort: undefined } }] : []),
    ...(search.assignee
      ? [
          {
            text: colleagues.find(({ id }) => id === search.assignee)?.name ?? t('inbox.filter.assignee'),
            without: { assignee: undefined },
          },
        ]
      : []),
    ...(search.label ? [{ text: t('inbox.filter.label', { label: search.label }), without: { label: undefined } }] : []),
    ...(search.number
      ? [{ text: number ? nameOfNumber(number) : t('inbox.filter.number'), without: { number: undefined } }]
      : []),
  ]
  return (
    <div className="mb-1 grid gap-1">
      <div className="flex min-h-7 flex-wrap items-center gap-1">
        {chips.map(({ text, without }) => (
          <Chip key={text} text={text} onRemove={() => change(without)} />
        ))}
        <Button kind="quiet" small icon={FilterIcon} aria-expanded={isOpen} onClick={() => setOpen(open => !open)}>
          {t('inbox.filter')}
        </Button>
        <span className="ms-auto flex">
          <IconButton small icon={ViewsIcon} label={t('inbox.views.title')} onClick={() => openPicker({ kind: 'views' })} />
          <IconButton small icon={SelectIcon} label={t('inbox.select.begin')} onClick={beginSelection} />
        </span>
      </div>
      {isOpen && <FilterForm search={search} onChange={change} />}
    </div>
  )
}

function useChange(): (change: Change) => void {
  const navigate = useNavigate({ from: '/inbox/{-$conversationId}' })
  return change => void navigate({ search: before => ({ ...before, ...change }) as InboxSearch, replace: true })
}

function Chip({ text, onRemove }: { text: string; onRemove(): void }) {
  const t = useText()
  return (
    <span className="inline-flex max-w-full items-center gap-1 rounded-1 border border-brand-line bg-brand-soft ps-1.5 text-meta whitespace-nowrap text-ink">
      <bdi className="truncate">{text}</bdi>
      <button
        type="button"
        aria-label={t('inbox.filter.remove', { filter: text })}
        onClick={onRemove}
        className="grid size-6 place-items-center text-ink-2"
      >
        <Icon of={CloseIcon} size={14} />
      </button>
    </span>
  )
}

function FilterForm({ search, onChange }: { search: InboxSearch; onChange(change: Change): void }) {
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

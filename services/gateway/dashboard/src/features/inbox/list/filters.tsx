import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { nameOfNumber, useNumbers } from '../../../lib/data/numbers.ts'
import { useText } from '../../../lib/i18n/text.tsx'
import { Button } from '../../../ui/button.tsx'
import { CloseIcon, FilterIcon, Icon } from '../../../ui/icons.tsx'
import type { InboxSearch } from '../search.ts'

type Change = Partial<Record<keyof InboxSearch, unknown>>

/** Filters in force as chips, and the form that changes them. */
export function Filters({ search }: { search: InboxSearch }) {
  const t = useText()
  const numbers = useNumbers() ?? []
  const [isOpen, setOpen] = useState(false)
  const change = useChange()
  const number = numbers.find(({ id }) => id === search.number)
  const chips: { text: string; without: Change }[] = [
    ...(search.status === 'any'
      ? []
      : [{ text: t(search.status === 'closed' ? 'inbox.filter.closed' : 'inbox.filter.open'), without: { status: 'any' } }]),
    ...(search.unread ? [{ text: t('inbox.filter.unread'), without: { unread: undefined } }] : []),
    ...(search.window ? [{ text: t('inbox.filter.closing'), without: { window: undefined } }] : []),
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
  return (
    <div className="grid gap-2 border-t border-line py-2">
      <Select
        label={t('inbox.filter.status')}
        value={search.status ?? 'open'}
        options={(['open', 'closed', 'any'] as const).map(value => [value, t(`inbox.filter.${value}`)])}
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
      <div className="flex flex-wrap gap-x-4 gap-y-1">
        <Toggle
          label={t('inbox.filter.unread')}
          checked={search.unread === true}
          onChange={on => onChange({ unread: on || undefined })}
        />
        <Toggle
          label={t('inbox.filter.closing')}
          checked={search.window === 'closing'}
          onChange={on => onChange({ window: on ? 'closing' : undefined })}
        />
      </div>
    </div>
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
